"""A thread does not wait for ever for a server that stands still, whatever its driver does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.engine import URL, make_url

from holdfast.client.sql.blocking.ping import Ping
from holdfast.errors import CallFailed
from tests.client.sql.blocking.threads import threaded
from tests.client.sql.rig import until

pytestmark = pytest.mark.anyio

PATIENCE = 30.0


class Way:
    """To a server at `url`. While it is `still` nothing comes back over it, and nobody new gets through."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._open: list[asyncio.StreamWriter] = []
        self.still = False

    async def served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.still:
            writer.close()
            return
        there, back = await asyncio.open_connection(self._url.host, self._url.port)
        self._open += [writer, back]
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not self.still:
                writer.write(data)
        writer.close()

    def close(self) -> None:
        for writer in self._open:
            writer.close()


@asynccontextmanager
async def way_to(url: str) -> AsyncIterator[tuple[Way, str]]:
    """A way, and the address by which it is gone."""
    parsed = make_url(url)
    way = Way(parsed)
    server = await asyncio.start_server(way.served, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield way, parsed.set(port=port).render_as_string(hide_password=False)
    finally:
        server.close()
        way.close()


async def test_the_ping_of_a_server_that_stands_still_fails_after_the_limit(postgres_url: str) -> None:
    section = {"timeout": {"connect": "1400ms", "total": "1500ms"}, "retry": {}}
    async with way_to(postgres_url) as (way, url), threaded(url, pool=1, section=section) as both:
        assert await both.run(both.count) == 0
        way.still = True
        loop = asyncio.get_running_loop()
        # Where it does wait for ever its thread holds up all tests, until it is set free.
        rescue = loop.call_later(PATIENCE, way.close)
        with pytest.raises(CallFailed) as failed:
            await both.run(both.count)
        assert loop.time() < rescue.when()
        rescue.cancel()
        assert (failed.value.dependency, failed.value.cause) == ("db", "connect")
        await until(lambda: both.rig.taken == 0)
        way.still = False
        assert await both.run(both.count) == 0


def test_whoever_is_not_asking_is_not_disturbed() -> None:
    hung_up: list[object] = []
    ping = Ping(hung_up.append)
    ping.give_up()
    ping.on("connection")
    ping.over()
    ping.give_up()
    assert not hung_up
    ping.on("connection")
    ping.give_up()
    assert hung_up == ["connection"]
