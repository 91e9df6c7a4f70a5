"""A bounded number in flight, and no queue: who waits for a slow dependency only adds to its load."""

from __future__ import annotations

import sys

__all__ = ["Compartment"]


class Compartment:
    """Permits. Every successful `try_enter`, and every `enter_anyway`, needs one `leave`."""

    __slots__ = ("in_flight", "limit")

    def __init__(self, limit: int | None) -> None:
        self.limit = sys.maxsize if limit is None else limit
        self.in_flight = 0

    def try_enter(self) -> bool:
        """Enter if there is room."""
        if self.in_flight < self.limit:
            self.in_flight += 1
            return True
        return False

    def enter_anyway(self) -> None:
        """Enter beyond the limit: observe mode counts and refuses nothing."""
        self.in_flight += 1

    def leave(self) -> None:
        """Give one permit back."""
        self.in_flight -= 1
