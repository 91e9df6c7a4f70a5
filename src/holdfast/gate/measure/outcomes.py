"""How each request ended, in words and by what [sli] counts as good.

A record's `status` is an HTTP status (> 0) or the driver's negative cause; `outcome` is the guard's own word
for a refusal, from the `holdfast-outcome` header. Together they name the outcome ("503 shed"), and [sli]
says whether that is good, bad or left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from holdfast.gate.drive.records import RETRY_AFTER, Cause, Outcome

__all__ = ["Sli", "codes", "counts", "good", "is_word", "left_out", "name", "with_retry_after"]

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]

_WIDTH = 16
"""Outcome words fit in three bits, so status * 16 + word is one integer to group by."""

_WORD = np.uint8(RETRY_AFTER - 1)

_WORDS: dict[int, str] = {
    Cause.REFUSED: "connect refused",
    Cause.CONNECT_TIMEOUT: "connect timeout",
    Cause.RESET: "reset",
    Cause.TIMEOUT: "client timeout",
    Cause.MALFORMED: "malformed",
    Cause.NOT_SENT: "not sent",
}


class Sli(Protocol):
    """What the budget's [sli] section says; each word is a class of outcomes."""

    @property
    def bad(self) -> Iterable[str]:
        """Words that count as bad: "5xx", "4xx", "shed", "deadline"."""

    @property
    def excluded(self) -> Iterable[str]:
        """Words that are left out of the ratio: "4xx", "disconnect", "shed" ..."""

    @property
    def degraded(self) -> str:
        """What a degraded answer counts as: "good", "bad" or "excluded"."""


def codes(status: npt.NDArray[np.int16], outcome: npt.NDArray[np.uint8]) -> Codes:
    """Return one integer a request that stands for its whole outcome."""
    return status.astype(np.int32) * _WIDTH + (outcome & _WORD)


def name(code: int) -> str:
    """Return the words for a code: "200", "503 shed", "200 wrong answer", "client timeout"."""
    status, word = divmod(code, _WIDTH)
    if status <= 0:
        return _WORDS.get(status, f"cause {status}")
    return f"{status} {_said(word)}" if word else str(status)


def _said(word: int) -> str:
    return Outcome(word).name.lower().replace("_", " ")


def counts(all_codes: Codes) -> dict[str, int]:
    """Return how often each outcome occurred, the most frequent first."""
    values, times = np.unique(all_codes, return_counts=True)
    found = Counter({name(int(v)): int(n) for v, n in zip(values, times, strict=True)})
    return dict(found.most_common())


def good(all_codes: Codes, sli: Sli) -> Mask:
    """Return which requests count as good, whatever time they took."""
    return _by_code(all_codes, lambda code: _judge(code, sli) == "good")


def left_out(all_codes: Codes, sli: Sli) -> Mask:
    """Return which requests [sli] leaves out of the ratio."""
    return _by_code(all_codes, lambda code: _judge(code, sli) == "excluded")


def is_word(outcome: npt.NDArray[np.uint8], word: Outcome) -> Mask:
    """Return which answers the guard said `word` of."""
    return np.asarray(np.equal(outcome & _WORD, word))


def with_retry_after(outcome: npt.NDArray[np.uint8]) -> Mask:
    """Return which answers carried a Retry-After header."""
    return np.asarray(np.not_equal(outcome & np.uint8(RETRY_AFTER), 0))


def _by_code(all_codes: Codes, holds: Callable[[int], bool]) -> Mask:
    values, where = np.unique(all_codes, return_inverse=True)
    return np.array([holds(int(v)) for v in values], dtype=bool)[where]


def _judge(code: int, sli: Sli) -> str:
    """good, bad or excluded.

    What never got a complete answer, or a wrong one, is bad whatever [sli] says: the user saw it.
    """
    status, word = divmod(code, _WIDTH)
    if status <= 0 or word == Outcome.WRONG_ANSWER:
        return "bad"
    words = {f"{status // 100}xx", str(status)}
    if word:
        words.add(_said(word))
    if "degraded" in words and status < 500:
        return sli.degraded
    if words & set(sli.excluded):
        return "excluded"
    if words & set(sli.bad):
        return "bad"
    return "good" if status < 400 else "bad"
