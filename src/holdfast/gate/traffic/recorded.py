"""What users were seen to send: requests with when they came, as far as the record tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Recorded", "Recording"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request. `target`: path and query. `at`: seconds since the epoch, None where the record has no
    time.

    `body`: what was sent, as far as the record has it; `wants_body`: it had one that the record does not
    have.
    """

    method: str
    target: str
    at: float | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    wants_body: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """All that a file holds, in its order. `skipped`: lines or entries that were not understood."""

    requests: tuple[Recorded, ...]
    skipped: int = 0
