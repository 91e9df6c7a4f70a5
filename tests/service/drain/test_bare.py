"""SIGTERM taken before Uvicorn, and given to it after the announcement."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from holdfast.service.drain.bare import Hook
from holdfast.service.drain.drain import Drain


class Uvicorn:
    """As much of `uvicorn.Server` as the hook needs."""

    def __init__(self) -> None:
        self.should_exit = False
        self.config = SimpleNamespace(encoded_headers=[])
        self.server_state = SimpleNamespace(default_headers=[])

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.should_exit = True


@pytest.fixture
def server() -> Iterator[Uvicorn]:
    made = Uvicorn()
    before = signal.signal(signal.SIGTERM, made.handle_exit)
    yield made
    signal.signal(signal.SIGTERM, before)


async def passes(holds: Any) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what it waits for tells nobody
            await asyncio.sleep(0.005)


def test_the_announcement_comes_first_and_streams_last(server: Uvicorn) -> None:
    async def scenario() -> None:
        in_flight = [1]
        drain = Drain(lambda: in_flight[0])
        hook = Hook(drain, announce=0.3, finishing=5.0)
        assert hook.take()
        signal.raise_signal(signal.SIGTERM)
        await passes(lambda: drain.leaving)
        assert not server.should_exit, "it goes on accepting"
        assert (
            server.config.encoded_headers
            == server.server_state.default_headers
            == [(b"connection", b"close")]
        )
        await passes(lambda: server.should_exit)
        assert not drain.draining.is_set(), "one is in flight"
        in_flight[0] = 0
        await passes(drain.draining.is_set)
        hook.release()
        assert signal.getsignal(signal.SIGTERM) == server.handle_exit

    asyncio.run(scenario())


def test_a_second_signal_ends_the_announcement(server: Uvicorn) -> None:
    async def scenario() -> None:
        drain = Drain()
        hook = Hook(drain, announce=60.0, finishing=None)
        assert hook.take()
        signal.raise_signal(signal.SIGTERM)
        await passes(lambda: drain.leaving)
        signal.raise_signal(signal.SIGTERM)
        await passes(lambda: server.should_exit)
        await passes(drain.draining.is_set)

    asyncio.run(scenario())


def test_nobody_else_s_handler_is_touched() -> None:
    async def scenario() -> None:
        hook = Hook(Drain(), announce=1.0, finishing=None)
        for other in (signal.SIG_DFL, signal.SIG_IGN, lambda number, frame: None):
            before = signal.signal(signal.SIGTERM, other)
            try:
                assert not hook.take()
                assert signal.getsignal(signal.SIGTERM) is other
            finally:
                signal.signal(signal.SIGTERM, before)
        assert not await asyncio.to_thread(hook.take), "signals are the main thread's"
        hook.release()

    asyncio.run(scenario())


def test_who_took_it_back_keeps_it(server: Uvicorn) -> None:
    async def scenario() -> None:
        hook = Hook(Drain(), announce=1.0, finishing=None)
        assert hook.take()
        signal.signal(signal.SIGTERM, server.handle_exit)
        hook.release()
        assert signal.getsignal(signal.SIGTERM) == server.handle_exit

    asyncio.run(scenario())
