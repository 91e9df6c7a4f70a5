"""Requests as bytes on the wire, and all those that a schedule chooses from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from holdfast.gate.shape.check import Check

__all__ = ["Catalogue", "Payload", "lengths"]


@dataclass(frozen=True, slots=True)
class Payload:
    """One request: `name` as in reports ("GET /products/{n}"), `data` its bytes on the wire.

    `check`: what its answer is held against. `then`: the position of the step that follows a good answer,
    -1 where none does; `pause_ns`: nanoseconds between that answer and the step. `reads`: of an answer that
    goes on, the seconds that it is listened to behind its first bytes; None reads every answer to its end.
    """

    name: str
    data: bytes
    check: Check | None = None
    then: int = -1
    pause_ns: int = 0
    reads: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """All requests that a schedule chooses from.

    `payloads`: N requests, variants of one spec next to each other; `share`: float64[N], the probability of
    each, summing to 1, 0 for what only follows another. `in_order`: first and last + 1 of the payloads that
    are sent one after the other where their turn is drawn. `starts`: the first payload of each entry.
    """

    payloads: tuple[Payload, ...]
    share: np.ndarray[tuple[int], np.dtype[np.float64]]
    in_order: tuple[tuple[int, int], ...] = ()
    starts: tuple[int, ...] = ()

    @property
    def requests(self) -> float:
        """Return the requests that an arrival brings with it on average, where every step is taken."""
        further = lengths(self.payloads) - 1
        return 1.0 + float(self.share @ further) if further.any() else 1.0


def lengths(payloads: Sequence[Payload]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return int64[N]: how many requests each of N brings with it, itself included."""
    found = np.ones(len(payloads), dtype=np.int64)
    for position in reversed(range(len(payloads))):
        follower = payloads[position].then
        if follower >= 0:  # it lies behind the one that it follows
            found[position] += found[follower]
    return found
