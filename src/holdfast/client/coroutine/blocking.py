"""`with`, and functions that block: the thread that waits makes the attempt, a loop decides on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from holdfast.client.coroutine.fallback import ValueFallback, substitute
from holdfast.client.perloop import PerLoop
from holdfast.client.threads import Handover, Home, Order
from holdfast.policy.call.judge import Judge
from holdfast.policy.call.pipeline import Pipeline

__all__ = ["Blocking", "BlockingBlock"]

T = TypeVar("T")


class Blocking:
    """The policies of one dependency for the threads of `home`."""

    __slots__ = ("_home", "_judge", "_pipelines")

    def __init__(self, pipelines: PerLoop[Pipeline[Any]], home: Home, judge: Judge[Any]) -> None:
        self._pipelines = pipelines
        self._home = home
        self._judge = judge

    def call(
        self, func: Callable[[], Any], *, idempotent: bool, fallback: tuple[ValueFallback[Any]] | None
    ) -> Any:
        """Return what `func()` returns, called in this thread once an attempt, or the substitute."""

        async def call(thread: Handover[Any]) -> Any:
            return await self._pipelines.current().call(
                lambda left: thread.do(func, left),
                idempotent=idempotent,
                fallback=None if fallback is None else substitute(fallback[0], thread),
                judge=self._judge,
                alone=True,
            )

        return self._home.call(call)

    def block(self, outer: BlockingBlock | None) -> BlockingBlock:
        """Begin a block; raises the Refusal."""

        async def call(thread: Handover[None]) -> None:
            await self._pipelines.current().call(
                lambda left: thread.do(_block, left), judge=self._judge, alone=True
            )

        return BlockingBlock(Handover(self._home.loop(), call), outer)


class BlockingBlock:
    """One block; `outer` is the one around it of the same dependency, None where there is none."""

    __slots__ = ("_handover", "_order", "outer")

    def __init__(self, handover: Handover[None], outer: BlockingBlock | None) -> None:
        self.outer = outer
        self._handover = handover
        self._order = handover.next()
        if self._order is None:
            handover.result()

    def leave(self, error: BaseException | None) -> None:
        """Tell how the block ended; raises what becomes of `error`, where it changes."""
        order, self._order = self._order, None
        assert isinstance(order, Order)  # noqa: S101 - a block is left once
        order.report(error=error)
        self._handover.next()
        if error is not None and not isinstance(error, Exception):
            return  # the call counts as cancelled, and what ends the thread goes on as it is
        try:
            self._handover.result()
        except BaseException as raised:
            if raised is not error:
                raise


def _block() -> None:
    """Stand for the block itself: the thread that is in it reports, and never calls this."""
    raise AssertionError
