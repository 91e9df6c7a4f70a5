"""What can be done to a dependency. Plain data: the proxy's links know how.

Times are seconds. The words of `describe` go into the gate's result as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from holdfast.errors import UsageError

__all__ = ["Blackhole", "Brownout", "Fault", "Refuse", "Reset", "Slow"]


@dataclass(frozen=True, slots=True)
class Slow:
    """Every answer arrives `delay` later, plus or minus up to `jitter` (uniform), in order.

    The delay is put on the way back only, so that a call is late by `delay` once, however many packets its
    request has; a handshake of three round trips is late three times, as on a long line. Connecting is not
    delayed: the proxy is a neighbour and accepts at once.
    """

    kind: ClassVar[str] = "slow"
    delay: float
    jitter: float = 0.0

    def __post_init__(self) -> None:
        """Refuse times that cannot be."""
        if not 0 <= self.jitter <= self.delay:
            raise UsageError(
                f"slow wants 0 <= jitter <= delay, not delay {self.delay:g} s and jitter {self.jitter:g} s"
            )

    def describe(self) -> str:
        """One line in words."""
        jitter = f" (± {_words(self.jitter)})" if self.jitter else ""
        return f"every answer {_words(self.delay)} late{jitter}"


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nobody listens: connecting is refused, open connections are closed. A process that is down."""

    kind: ClassVar[str] = "refuse"

    def describe(self) -> str:
        """One line in words."""
        return "connections refused, open ones closed"


@dataclass(frozen=True, slots=True)
class Reset:
    """Connections are reset: open ones at once, new ones at their first bytes.

    New ones wait for those bytes (at most 0.1 s) so that the call is seen and counted before it fails.
    """

    kind: ClassVar[str] = "reset"

    def describe(self) -> str:
        """One line in words."""
        return "every connection reset"


@dataclass(frozen=True, slots=True)
class Blackhole:
    """Connecting works, what is sent disappears, nothing ever comes back. A hung process.

    A connection that was opened in it, or lost bytes in it, cannot be mended (its stream has a hole) and is
    reset when the fault ends; an older one that was idle all the while goes on.
    """

    kind: ClassVar[str] = "blackhole"

    def describe(self) -> str:
        """One line in words."""
        return "connections accepted, nothing answered"


@dataclass(frozen=True, slots=True)
class Brownout:
    """A share of the calls fails by a reset of their connection, the others pass.

    Decided for each call where the protocol is known, else once for each connection at its next bytes.
    """

    kind: ClassVar[str] = "brownout"
    share: float

    def __post_init__(self) -> None:
        """Refuse a share that cannot be."""
        if not 0 < self.share <= 1:
            raise UsageError(f"brownout wants a share above 0 and at most 1, not {self.share:g}")

    def describe(self) -> str:
        """One line in words."""
        return f"{self.share * 100:.3g}% of the calls reset"


Fault = Slow | Refuse | Reset | Blackhole | Brownout


def _words(seconds: float) -> str:
    return f"{seconds:.4g} s" if seconds >= 1 else f"{seconds * 1000:.4g} ms"
