"""Answers held against what was expected of them, while the driver has nothing to send."""

from __future__ import annotations

from array import array
from collections import deque
from time import monotonic_ns

from httptools import HttpParserError, HttpResponseParser

from holdfast.gate.drive.head import final_head
from holdfast.gate.drive.records import RETRY_AFTER, Outcome
from holdfast.gate.shape import Check
from holdfast.gate.shape.check import WrongAnswer

__all__ = ["Inspection"]

_AT_ONCE_NS = 1_000_000
"""Nanoseconds of work at a time: a tenth of the time between two looks of the engine."""

_HELD = 64 << 20
"""Bytes of answers that wait. Beyond, the oldest are looked at whether or not there is time."""


class Inspection:
    """Marks the answers that are wrong in `outcome`.

    `first`: of each check that found one, the row of its first wrong answer, and what was expected of it.
    """

    def __init__(self, status: array[int], outcome: array[int]) -> None:
        self._status = status
        self._outcome = outcome
        self._waiting: deque[tuple[int, Check, bytes]] = deque()
        self._held = 0
        self.first: dict[int, tuple[int, str]] = {}

    def add(self, index: int, check: Check, answer: bytes) -> None:
        """Look at the answer of a row some time; at once where its status alone tells."""
        if not check.reads_body:
            self.examine(index, check, answer)
            return
        self._waiting.append((index, check, answer))
        self._held += len(answer)
        while self._held > _HELD:
            self._next()

    def work(self, until_ns: int) -> None:
        """Look at answers that wait until `until_ns` of CLOCK_MONOTONIC, and not for long."""
        if not self._waiting:
            return
        until = min(until_ns, monotonic_ns() + _AT_ONCE_NS)
        while self._waiting and monotonic_ns() < until:
            self._next()

    def finish(self) -> None:
        """Look at all that wait."""
        while self._waiting:
            self._next()

    def examine(self, index: int, check: Check, answer: bytes) -> dict[str, str | int | float] | None:
        """Return what is taken from the answer of a row; None where it is not as expected.

        Where the guard said a word, [sli] judges that word: a refusal is no answer, and a degraded one need
        not be what a whole one is.
        """
        word = self._outcome[index] & (RETRY_AFTER - 1)
        if word not in {Outcome.NONE, Outcome.DEGRADED}:
            return None
        head, body = _parted(answer) if check.reads_body else (b"", b"")
        try:
            return check.examine(self._status[index], head, body)
        except WrongAnswer as wrong:
            if not word:
                self._outcome[index] |= Outcome.WRONG_ANSWER
                self.first.setdefault(id(check), (index, str(wrong)))
            return None

    def _next(self) -> None:
        index, check, answer = self._waiting.popleft()
        self._held -= len(answer)
        self.examine(index, check, answer)


class _Body:
    """Collects what a parser finds."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def on_body(self, part: bytes) -> None:
        """Keep a part."""
        self.parts.append(part)


def _parted(answer: bytes) -> tuple[bytes, bytes]:
    """Return head and body of a complete answer; the body of one that is malformed is empty."""
    found = _Body()
    try:
        HttpResponseParser(found).feed_data(answer)
    except HttpParserError:
        found.parts.clear()
    return final_head(answer) or b"", b"".join(found.parts)
