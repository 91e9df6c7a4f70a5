"""Around a route's function: the key is asked for when everything before it has been."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from anyio import from_thread
from starlette.responses import FileResponse, StreamingResponse

from holdfast.errors import UsageError
from holdfast.service.idempotency.exchange import current

if TYPE_CHECKING:
    from holdfast.service.idempotency.idempotent import Idempotent

__all__ = ["MARK", "asking", "refuse_streams"]

MARK = "__holdfast_idempotent__"
"""The attribute of a function that asks for keys: its Idempotent."""


def asking(endpoint: Callable[..., Any], idempotent: Idempotent, *, always: bool) -> Callable[..., Any]:
    """Return `endpoint` asking for the request's key first. An async function stays one, and so does a plain.

    `always`: it raises where the app was not prepared for it, instead of running without a key. Raises
    UsageError for a function that streams.
    """
    refuse_streams(endpoint)
    name = getattr(endpoint, "__qualname__", repr(endpoint))

    def unheld() -> bool:
        exchange = current.get()
        if exchange is not None and exchange.idempotent is idempotent:
            return False
        if always:
            message = f"{name} asks for an idempotency key, but its route was added after the app had started"
            raise UsageError(message, place=name)
        return True

    if inspect.iscoroutinefunction(endpoint) or inspect.iscoroutinefunction(type(endpoint).__call__):

        @functools.wraps(endpoint)
        async def ask(*args: Any, **kwargs: Any) -> Any:
            exchange = current.get()
            if exchange is None or unheld():
                unheld()
                return await endpoint(*args, **kwargs)
            instead = await exchange.begin()
            return exchange.check(await endpoint(*args, **kwargs)) if instead is None else instead

    else:

        @functools.wraps(endpoint)
        def ask(*args: Any, **kwargs: Any) -> Any:
            exchange = current.get()
            if exchange is None or unheld():
                unheld()
                return endpoint(*args, **kwargs)
            instead = from_thread.run(exchange.begin)
            return exchange.check(endpoint(*args, **kwargs)) if instead is None else instead

    setattr(ask, MARK, idempotent)
    return ask


def refuse_streams(endpoint: Callable[..., Any]) -> None:
    """Raise UsageError for a function that streams its answer, as far as that can be seen before it runs."""
    returns = getattr(inspect.unwrap(endpoint), "__annotations__", {}).get("return")
    streams = inspect.isgeneratorfunction(endpoint) or inspect.isasyncgenfunction(endpoint)
    kinds = (StreamingResponse, FileResponse)
    named = returns in {kind.__name__ for kind in kinds} if isinstance(returns, str) else False
    if streams or named or (inspect.isclass(returns) and issubclass(returns, kinds)):
        name = getattr(endpoint, "__qualname__", repr(endpoint))
        raise UsageError(
            f"{name} streams its answer, which cannot be stored under an idempotency key", place=name
        )
