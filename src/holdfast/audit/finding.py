"""What the audit found: a place, what is wrong there, and the chain of calls that proves it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

__all__ = ["Confidence", "Finding", "Severity", "Step"]


class Severity(IntEnum):
    """How much it hurts in production, as far as the source tells."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def word(self) -> str:
        """The word for it, in documents and on the command line."""
        return self.name.lower()


class Confidence(IntEnum):
    """How sure the finding is.

    HIGH: every call of the chain was resolved by types or imports, from a request. MEDIUM: so was the chain,
    but it hangs on something that the source does not say. LOW: no request is known to come there, or it
    is little that hurts.
    """

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def word(self) -> str:
        """The word for it, in documents and on the command line."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a chain: where, and in which function ("Client.get"); `calls` is what is called there."""

    file: str
    line: int
    function: str
    calls: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` is its code. `message` is one sentence; `fix` says what to do. `chain` goes from the entry
    ("GET /orders") to what hurts. `line` and `column` count from 1."""

    rule: str
    severity: Severity
    confidence: Confidence
    file: str
    line: int
    column: int
    message: str
    chain: tuple[Step, ...] = ()
    fix: str = ""

    @property
    def function(self) -> str:
        """The function that it stands in, as far as the chain says; "" for the module's own lines."""
        return next((step.function for step in self.chain if self._is_at(step)), "")

    @property
    def sink(self) -> str:
        """What the chain ends with ("time.sleep"); "" where it ends with no call."""
        return self.chain[-1].calls if self.chain else ""

    @property
    def entry(self) -> str:
        """What the chain begins with, such as "GET /orders"; "" where nothing was seen to reach it."""
        begins = len(self.chain) > 1 and (not self._is_at(self.chain[0]) or self._is_at(self.chain[1]))
        return self.chain[0].calls if begins else ""

    @property
    def way(self) -> tuple[Step, ...]:
        """The part of the chain from the place of the finding to what hurts."""
        at = next((number for number, step in enumerate(self.chain) if self._is_at(step)), 0)
        return self.chain[at:]

    def _is_at(self, step: Step) -> bool:
        return (step.file, step.line) == (self.file, self.line)
