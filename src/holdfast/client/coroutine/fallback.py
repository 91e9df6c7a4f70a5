"""The degraded value: what a caller gets in place of the dependency's."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar, cast

from holdfast.client.threads import Handover
from holdfast.errors import DependencyUnavailable
from holdfast.policy.call.pipeline import Fallback

__all__ = ["ValueFallback", "substitute"]

F = TypeVar("F")

ValueFallback: TypeAlias = (
    F | Callable[[DependencyUnavailable], F] | Callable[[DependencyUnavailable], Awaitable[F]]
)
"""A value, or what makes one of the reason; the latter may be a coroutine function.

Every caller gets the same value: give a function where callers write to what they get.
"""


def substitute(fallback: ValueFallback[F], thread: Handover[Any] | None = None) -> Fallback[F]:
    """Return what the pipeline asks for it; `thread`: who calls a function that is given, None: the loop."""

    async def made(why: DependencyUnavailable) -> F:
        if not callable(fallback):
            return fallback
        value = fallback(why) if thread is None else await thread.do(lambda: fallback(why))
        return cast("F", await value if inspect.isawaitable(value) else value)

    return made
