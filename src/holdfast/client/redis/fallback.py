"""The degraded reply: what a caller gets in place of Redis'."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from holdfast.client.redis.commands import Command
from holdfast.errors import DependencyUnavailable
from holdfast.policy.call.pipeline import Fallback

__all__ = ["NO_FALLBACK", "ReplyFallback", "substitute", "substitute_all"]

ReplyFallback: TypeAlias = Any | Callable[[Command, DependencyUnavailable], Any | Awaitable[Any]]
"""A reply, or what makes one of the command and the reason; the latter may be a coroutine function."""

NO_FALLBACK: Any = object()
"""In place of a fallback: there is none, and the caller gets the Refusal, as a rule a 503."""


def substitute(fallback: ReplyFallback, command: Command) -> Fallback[Any] | None:
    """Return what the pipeline asks for the reply to `command`."""
    if fallback is NO_FALLBACK:
        return None

    async def made(why: DependencyUnavailable) -> Any:
        return await _reply(fallback, command, why)

    return made


def substitute_all(fallback: ReplyFallback, commands: Sequence[Command]) -> Fallback[Any] | None:
    """Return what the pipeline asks for the replies to `commands`, one for each."""
    if fallback is NO_FALLBACK:
        return None

    async def made(why: DependencyUnavailable) -> Any:
        return [await _reply(fallback, command, why) for command in commands]

    return made


async def _reply(fallback: ReplyFallback, command: Command, why: DependencyUnavailable) -> Any:
    value = fallback(command, why) if callable(fallback) else fallback
    return await value if inspect.isawaitable(value) else value
