"""A dependency that is reached by coroutines of the app's own, such as a database driver's."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Generic, ParamSpec, TypeVar

from starlette.exceptions import HTTPException

from holdfast.client.coroutine.block import Block
from holdfast.client.coroutine.fallback import ValueFallback, substitute
from holdfast.client.perloop import PerLoop
from holdfast.policy.breaker.guard import BreakerGuard
from holdfast.policy.call.attempt import Attempt
from holdfast.policy.call.judge import Judge, Verdict, judge_exceptions
from holdfast.policy.call.pipeline import Fallback, Pipeline

__all__ = ["NO_FALLBACK", "CoroutineDependency"]

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F")

NO_FALLBACK: Any = object()
"""In place of a fallback: there is none, and the caller gets the Refusal, as a rule a 503."""


class CoroutineDependency(Generic[F]):
    """The policies of one dependency around coroutines. F: what stands in for a result.

        related = hold.dependency("related", idempotent=True, fallback=[])

        @related
        async def look_up(product: int) -> list[int]: ...

        await related.call(look_up, 5)

        async with related:  # one attempt; there is no fallback for a block
            ...

    `pipelines`: the state, shared by all that is declared for the dependency. `idempotent`: repeating a call
    does no harm; without it there is one attempt. `failures`: the exceptions that are the dependency's;
    others are the app's own, as HTTPException always is, and count for nothing.

    Raises what the pipeline does: BreakerOpen, BulkheadFull, Throttled, CallFailed (whose cause is the
    exception), DeadlineExceeded.
    """

    def __init__(
        self,
        pipelines: PerLoop[Pipeline[Any]],
        *,
        idempotent: bool = False,
        fallback: ValueFallback[F] = NO_FALLBACK,
        failures: tuple[type[Exception], ...] = (Exception,),
    ) -> None:
        self._pipelines = pipelines
        self._idempotent = idempotent
        self._fallback: Fallback[F] | None = None if fallback is NO_FALLBACK else substitute(fallback)
        self._judge = _judge(failures)
        self._block: ContextVar[Block | None] = ContextVar("holdfast_block", default=None)

    def __call__(self, func: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T | F]]:
        """Return `func` under the policies: a decorator."""

        @functools.wraps(func)
        async def held(*args: P.args, **kwargs: P.kwargs) -> T | F:
            return await self._through(lambda left: func(*args, **kwargs))

        return held

    async def call(self, func: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> T | F:
        """Await `func(*args, **kwargs)` under the policies."""
        return await self._through(lambda left: func(*args, **kwargs))

    @property
    def breaker(self) -> BreakerGuard | None:
        """The breaker of the running loop, to be opened and closed by hand; None where none is decided."""
        return self._pipelines.current().breaker

    def _through(self, attempt: Attempt[T]) -> Coroutine[Any, Any, T | F]:
        return self._pipelines.current().call(
            attempt, idempotent=self._idempotent, fallback=self._fallback, judge=self._judge
        )

    async def __aenter__(self) -> None:
        block = Block(self._pipelines.current(), self._judge, self._block.get())
        block.enter()
        self._block.set(block)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        block = self._block.get()
        assert block is not None  # noqa: S101 - entered in this context
        self._block.set(block.outer)
        block.leave(error)


def _judge(failures: tuple[type[Exception], ...]) -> Judge[Any]:
    def error(raised: Exception) -> Verdict | None:
        if isinstance(raised, HTTPException) or not isinstance(raised, failures):
            return None
        return judge_exceptions.error(raised)

    return Judge(judge_exceptions.result, error)
