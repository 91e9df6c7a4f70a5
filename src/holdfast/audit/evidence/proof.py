"""What the evidence says about one finding, in figures and in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from holdfast.audit.evidence.prediction import Prediction

__all__ = ["Proof", "Saving", "Status"]


class Status(StrEnum):
    """CONFIRMED: the loop was seen to stand still there. EXERCISED: it ran and was not. NOT_EXERCISED: who
    counted what ran did not see it. UNKNOWN: nobody counted."""

    CONFIRMED = "confirmed"
    EXERCISED = "exercised"
    NOT_EXERCISED = "not exercised"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Saving:
    """What a fix should save, as measured: `seconds` in which the loop stood still, their `share` of all such
    seconds that the source tells of, and at most `waiting` seconds of other requests, None where nobody
    counted them; `how` it was reckoned."""

    seconds: float
    share: float
    waiting: float | None
    how: str


@dataclass(frozen=True, slots=True)
class Proof:
    """`seconds` and `longest` in seconds, `victims` requests delayed; None where not measured. `hits`:
    answered requests of its route, None where nobody counted them. `samples`: stacks of profiles with its
    function on them. `source`: the file that the figures are from. `p99`: what it should be without these
    stalls, None where that cannot be told."""

    status: Status
    says: str
    source: str = ""
    stalls: int = 0
    seconds: float | None = None
    longest: float | None = None
    victims: int | None = None
    samples: int = 0
    hits: int | None = None
    saving: Saving | None = None
    p99: Prediction | None = None
