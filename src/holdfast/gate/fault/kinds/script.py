"""Faults that come and go by themselves."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.errors import UsageError
from holdfast.gate.fault.kinds import words
from holdfast.gate.fault.kinds.effect import Fault

__all__ = ["Script", "flap"]


@dataclass(frozen=True, slots=True)
class Script:
    """One thing after the other, each for its seconds; None is health. Over and over."""

    steps: tuple[tuple[float, Fault | None], ...]
    kind: str = "script"

    def __post_init__(self) -> None:
        """Refuse a script that would not move."""
        if not self.steps or any(not seconds >= 0.01 for seconds, _ in self.steps):
            raise UsageError("a script wants steps of at least 10 ms each")

    @property
    def refuses(self) -> bool:
        """Whether nobody listens in one of its steps."""
        return any(fault is not None and fault.refuses for _, fault in self.steps)

    def describe(self) -> str:
        """One line in words."""
        return ", then ".join(
            f"{words.of_seconds(seconds)} {'healthy' if fault is None else fault.describe()}"
            for seconds, fault in self.steps
        )


def flap(fault: Fault, *, down: float = 1.0, up: float = 1.0) -> Script:
    """Return the script of a dependency that is down and up by turns, beginning with down. In seconds."""
    return Script(((down, fault), (up, None)), "flap")
