"""What an error of Redis or of the way to it says of the dependency, and of another attempt."""

from __future__ import annotations

from typing import Any

from redis import exceptions as of

from holdfast.policy.call.judge import Judge, Verdict
from holdfast.policy.outcome import Outcome

__all__ = ["Unreachable", "judge"]


class Unreachable(of.ConnectionError):
    """No connection could be made."""


_UNUSABLE = (of.OutOfMemoryError, of.ReadOnlyError, of.ClusterDownError, of.TryAgainError)
_SAID = ("BUSY ", "MISCONF ")
"""Error replies by which it says that it cannot work: a script runs for long, or it cannot write its disk."""


def _nothing_wrong(reply: object) -> Verdict | None:
    return None


def _error(error: Exception) -> Verdict | None:
    """Error replies are the caller's own, but for those by which Redis says that it cannot be used."""
    if isinstance(error, of.MaxConnectionsError):
        return Verdict("pool", Outcome.IGNORED, retryable=False)  # our own
    if isinstance(error, of.BusyLoadingError):
        return Verdict("loading")
    if isinstance(error, (of.AuthenticationError, of.AuthorizationError)):
        return Verdict(type(error).__name__, retryable=False)
    if isinstance(error, Unreachable):
        return Verdict("connect")
    if isinstance(error, (of.TimeoutError, TimeoutError)):
        return Verdict("timeout")
    if isinstance(error, (of.ConnectionError, of.InvalidResponse, OSError)):
        return Verdict("reset")
    if isinstance(error, _UNUSABLE):
        return Verdict(type(error).__name__, retryable=False)
    if isinstance(error, of.ResponseError) and str(error).startswith(_SAID):
        return Verdict(str(error).split(maxsplit=1)[0].lower(), retryable=False)
    return None


judge: Judge[Any] = Judge(_nothing_wrong, _error)
"""For a pipeline."""
