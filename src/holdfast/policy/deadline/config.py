"""How much time a request gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from holdfast.policy.mode import Mode
from holdfast.policy.require import positive

__all__ = ["DeadlineConfig", "DeadlineSection"]


class DeadlineSection(Protocol):
    """The budget's [deadline]: seconds, None where nobody has decided."""

    @property
    def mode(self) -> str:
        """How far it goes."""

    @property
    def default(self) -> float | None:
        """The deadline of a request whose client names none."""

    @property
    def cap(self) -> float | None:
        """The longest that a client may ask for."""


@dataclass(frozen=True, slots=True)
class DeadlineConfig:
    """`default` seconds for a request that names none; `cap`: the longest that a client may ask for.

    Without a cap a client may shorten the default and never lengthen it.
    """

    default: float | None = None
    cap: float | None = None
    mode: Mode = Mode.ENFORCE

    def __post_init__(self) -> None:
        positive(default=self.default, cap=self.cap)
        if self.default is not None and self.cap is not None and self.default > self.cap:
            raise ValueError(f"the default deadline ({self.default} s) is above the cap ({self.cap} s)")

    @property
    def allots(self) -> bool:
        """Whether a request gets a deadline at all: somebody has decided one, and it is not off."""
        return self.default is not None and self.mode is not Mode.OFF

    @classmethod
    def from_budget(cls, section: DeadlineSection | None) -> DeadlineConfig:
        """Return the budget's numbers; without a default the policy observes only."""
        if section is None or section.default is None:
            return cls(cap=None if section is None else section.cap, mode=Mode.OBSERVE)
        return cls(default=section.default, cap=section.cap, mode=Mode(section.mode))
