"""A number that somebody decided."""

from __future__ import annotations

from holdfast.policy.admission.window import Window
from holdfast.policy.require import at_least

__all__ = ["Fixed"]


class Fixed:
    """A number that somebody decided. It learns nothing."""

    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        at_least(1, value=value)
        self.value = value

    def learn(self, window: Window) -> None:
        """Learn nothing."""
