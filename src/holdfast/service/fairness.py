"""`hold.fair(key)`: fairness between callers, as a dependency that runs after authentication."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from holdfast.clock import monotonic
from holdfast.errors import RateLimited, Shed
from holdfast.policy.admission.fairness import EXCESS, Fairness

__all__ = ["Fair", "fair"]


class Fair(Protocol):
    """What runs on a loop, as far as fairness needs it."""

    @property
    def fairness(self) -> Fairness:
        """Of the loop's gate."""

    def priority(self, scope: Any) -> int:
        """The priority of a request."""


def fair(running: Callable[[], Fair | None], key: Callable[..., Any]) -> Any:
    """Return the dependency; `key` is a dependency itself and returns the caller: a principal, a tenant.

    Raises Shed (503) or RateLimited (429) in an overload, before the route's own work begins.
    """

    caller_of = Depends(key)

    async def hold(connection: HTTPConnection, caller: Any = caller_of) -> AsyncIterator[None]:
        here = running()
        if here is None:  # not held: a test that calls the app's parts by themselves
            yield
            return
        fairness, name = here.fairness, str(caller)
        refused = fairness.enter(monotonic(), name, here.priority(connection.scope))
        if refused is not None:
            if refused.reason == EXCESS:
                raise RateLimited("fair", ("fair",), retry_after=refused.retry_after)
            raise Shed(refused.reason, retry_after=refused.retry_after)
        try:
            yield
        finally:
            fairness.leave(name)

    return Depends(hold)
