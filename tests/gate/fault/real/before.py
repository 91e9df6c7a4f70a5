"""A proxy before a real server, as the gate puts it there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from holdfast.gate.fault.framer import framer_of
from holdfast.gate.fault.proxy import Proxy
from holdfast.gate.fault.wiring import Endpoint, endpoint, rewire


@asynccontextmanager
async def before(url: str, kind: str) -> AsyncIterator[tuple[Proxy, str]]:
    """Put a proxy before a real server; yields it and the URL that leads through it."""
    where = endpoint(url)
    assert isinstance(where, Endpoint)
    async with Proxy(kind, *where, framer_of(kind), seed=3) as proxy:
        yield proxy, rewire(url, *proxy.address)
