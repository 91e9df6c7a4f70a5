"""What an attempt's end means: the only thing that the pipeline has to be told about a protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from holdfast.policy.outcome import Outcome

__all__ = ["Judge", "Verdict", "judge_exceptions"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Verdict:
    """An attempt failed. `cause` as in `errors.CallFailed`; `outcome` is what the breaker hears of it.

    `retryable`: the failure may pass, so that another attempt makes sense. `retry_after`: seconds that the
    other side asked for; negative means never, None that it said nothing. `shed`: the other side refused for
    want of room, so that it should be asked less often.
    """

    cause: str
    outcome: Outcome = Outcome.FAILURE
    retryable: bool = True
    retry_after: float | None = None
    shed: bool = False


@dataclass(frozen=True, slots=True)
class Judge(Generic[T]):
    """`result` and `error` say what is wrong with what an attempt returned or raised; None: nothing.

    An error with which nothing is wrong is the caller's own (a malformed URL, a bug): it is raised as it is
    and says nothing of the dependency.
    """

    result: Callable[[T], Verdict | None]
    error: Callable[[Exception], Verdict | None]


def _nothing_wrong(result: object) -> Verdict | None:
    return None


def _by_type(error: Exception) -> Verdict | None:
    if isinstance(error, TimeoutError):
        return Verdict("timeout")
    if isinstance(error, ConnectionRefusedError):
        return Verdict("connect")
    if isinstance(error, ConnectionError):
        return Verdict("reset")
    return Verdict(type(error).__name__)


judge_exceptions: Judge[object] = Judge(_nothing_wrong, _by_type)
"""For any coroutine: what it returns is good, what it raises is the dependency's failure."""
