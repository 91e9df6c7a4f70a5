"""A dependency that is reached by functions of the app's own, such as a database driver's."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Generic, ParamSpec, TypeVar, overload

from starlette.exceptions import HTTPException

from holdfast.client.coroutine.block import Block
from holdfast.client.coroutine.blocking import Blocking, BlockingBlock
from holdfast.client.coroutine.fallback import ValueFallback, substitute
from holdfast.client.state import DependencyState
from holdfast.client.threads import Home
from holdfast.policy.breaker.guard import BreakerGuard
from holdfast.policy.call.attempt import Attempt
from holdfast.policy.call.judge import Judge, Verdict, judge_exceptions
from holdfast.policy.call.pipeline import Fallback

__all__ = ["NO_FALLBACK", "CoroutineDependency"]

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F")

NO_FALLBACK: Any = object()
"""In place of a fallback: there is none, and the caller gets the Refusal, as a rule a 503."""


class CoroutineDependency(Generic[F]):
    """The policies of one dependency around functions. F: what stands in for a result.

        related = hold.dependency("related", idempotent=True, fallback=[])

        @related
        async def look_up(product: int) -> list[int]: ...

        @related
        def count(product: int) -> int: ...  # blocks: for `def` endpoints and other threads

        await related.call(look_up, 5)

        async with related:  # one attempt; there is no fallback for a block
            ...

        with related:  # the same in a thread
            ...

    `state` is shared by all that is declared for the dependency; `home`: where the policies of threads run.
    `idempotent`: repeating a call does no harm; without it there is one attempt. `failures`: the exceptions
    that are the dependency's; others are the app's own, as HTTPException always is, and count for nothing.

    Raises what the pipeline does: BreakerOpen, BulkheadFull, Throttled, CallFailed (whose cause is the
    exception), DeadlineExceeded. In a thread also LoopGone, where the loop ends meanwhile, and UsageError
    for what would block a loop.
    """

    def __init__(
        self,
        state: DependencyState,
        *,
        home: Home | None = None,
        idempotent: bool = False,
        fallback: ValueFallback[F] = NO_FALLBACK,
        failures: tuple[type[Exception], ...] = (Exception,),
    ) -> None:
        self._pipelines = state.pipelines
        self._idempotent = idempotent
        self._given: tuple[ValueFallback[F]] | None = None if fallback is NO_FALLBACK else (fallback,)
        self._fallback: Fallback[F] | None = None if fallback is NO_FALLBACK else substitute(fallback)
        self._judge = _judge(failures)
        self._blocking = Blocking(state.pipelines, home or Home(), self._judge)
        self._block: ContextVar[Block | None] = ContextVar("holdfast_block", default=None)
        self._thread_block: ContextVar[BlockingBlock | None] = ContextVar("holdfast_thread", default=None)

    @overload
    def __call__(self, func: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T | F]]: ...

    @overload
    def __call__(self, func: Callable[P, T]) -> Callable[P, T | F]: ...

    def __call__(self, func: Callable[P, Any]) -> Callable[P, Any]:
        """Return `func` under the policies: a decorator.

        A `def` function blocks, and is called in threads; whatever else is no coroutine function, as a
        driver's method, is taken for one.
        """
        if inspect.isfunction(func) and not inspect.iscoroutinefunction(func):
            return self._held(func)

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

    def _held(self, func: Callable[P, T]) -> Callable[P, T | F]:
        @functools.wraps(func)
        def held(*args: P.args, **kwargs: P.kwargs) -> T | F:
            made: T | F = self._blocking.call(
                lambda: func(*args, **kwargs), idempotent=self._idempotent, fallback=self._given
            )
            return made

        return held

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

    def __enter__(self) -> None:
        self._thread_block.set(self._blocking.block(self._thread_block.get()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        block = self._thread_block.get()
        assert block is not None  # noqa: S101 - entered in this context
        self._thread_block.set(block.outer)
        block.leave(error)


def _judge(failures: tuple[type[Exception], ...]) -> Judge[Any]:
    def error(raised: Exception) -> Verdict | None:
        if isinstance(raised, HTTPException) or not isinstance(raised, failures):
            return None
        return judge_exceptions.error(raised)

    return Judge(judge_exceptions.result, error)
