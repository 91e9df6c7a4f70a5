"""Requests as bytes on the wire, and all those that a schedule chooses from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from holdfast.gate.shape.check import Check
from holdfast.gate.shape.template import HOLE

__all__ = ["Catalogue", "Payload"]


@dataclass(frozen=True, slots=True)
class Payload:
    """One request: `name` as in reports ("GET /products/{n}"), `data` its bytes on the wire.

    `check`: what its answer is held against. `then`: the position of the step that follows a good answer,
    -1 where none does; `pause_ns`: nanoseconds between that answer and the step.
    """

    name: str
    data: bytes
    check: Check | None = None
    then: int = -1
    pause_ns: int = 0

    @property
    def holes(self) -> bool:
        """Whether part of it is taken from the answers before it."""
        return HOLE in self.data


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """All requests that a schedule chooses from.

    `payloads`: N requests, variants of one spec next to each other; `share`: float64[N], the probability of
    each, summing to 1, 0 for what only follows another. `in_order`: first and last + 1 of the payloads that
    are sent one after the other where their turn is drawn.
    """

    payloads: tuple[Payload, ...]
    share: np.ndarray[tuple[int], np.dtype[np.float64]]
    in_order: tuple[tuple[int, int], ...] = ()

    @property
    def lengths(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return int64[N]: how many requests follow from each, itself included."""
        found = np.ones(len(self.payloads), dtype=np.int64)
        for position in reversed(range(len(self.payloads))):
            follower = self.payloads[position].then
            if follower >= 0:  # steps lie behind the one that they follow
                found[position] += found[follower]
        return found

    @property
    def requests(self) -> float:
        """Return the requests that an arrival brings with it on average, where every step is taken."""
        return float(self.share @ self.lengths)
