"""Every error counted by its cause, those included whose cause nobody told.

Handlers name a cause when they make an answer: the type of an exception, a dependency, the deadline. An app
also answers 5xx by itself, by an `HTTPException` or by a handler of its own. Those are found as what remains:
answers of that status, less those that were named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from holdfast.telemetry.board import Table

__all__ = ["Causes"]


class Causes:
    """Counts to the table of errors; `table` returns that of this process."""

    __slots__ = ("_answered", "_named", "_table")

    def __init__(self, table: Callable[[], Table]) -> None:
        self._table = table
        self._named: Counter[int] = Counter()
        self._answered: Counter[int] = Counter()

    def named(self, cause: str, status: int) -> None:
        """Count an error whose cause is known, and which is answered with `status`."""
        self._named[status] += 1
        self._table().row(cause)[0] += 1

    def answered(self, status: int, number: int = 1) -> None:
        """Note that answers with a `status` of 500 or above have been given, whoever named their cause."""
        self._answered[status] += number

    def settle(self) -> None:
        """Count what was answered and not named.

        A cause is named before its answer is noted, so that what remains is never too much.
        """
        for status, answers in self._answered.items():
            unnamed = answers - self._named[status]
            if unnamed > 0:
                self._named[status] += unnamed
                self._table().row(f"answered {status}")[0] += unnamed
