"""`hold.http(name, sync=True)`: the same policies for threads."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from holdfast.budget.model import Dependency
from holdfast.client.http import BlockingClient, blocking_client
from holdfast.client.state import DependencyState
from holdfast.client.threads import Home
from holdfast.clock import monotonic
from holdfast.errors import BreakerOpen, BulkheadFull, CallFailed, DeadlineExceeded
from holdfast.events import Bus, CallEnded
from holdfast.policy import deadline
from tests.client.http.rig import SECTION
from tests.client.provider import Exchange, Provider, blackhole, reset, stuck_body
from tests.client.section import HASTY


class Rig:
    """A client of threads whose policies run in the background."""

    def __init__(self, provider: Provider, **options: Any) -> None:
        model = Dependency.model_validate(SECTION | options.pop("section", {}))
        self.bus, self.heard, self.home = Bus(), list[CallEnded](), Home()
        self.bus.subscribe(CallEnded, self.heard.append)
        self.state = DependencyState.from_budget("payments", model, bus=self.bus, random=lambda: 0.9)
        self.client: BlockingClient = blocking_client(
            "payments",
            model,
            state=self.state,
            home=self.home,
            environ={"PAYMENTS_URL": provider.url},
            **options,
        )

    @property
    def ended(self) -> list[tuple[str, int, bool]]:
        return [(event.outcome, event.attempts, event.degraded) for event in self.heard]

    @property
    def in_flight(self) -> int:
        async def look(thread: Any) -> int:
            return self.state.in_flight

        return self.home.call(look)

    def idle(self) -> None:
        assert self.in_flight == 0
        pool = self.client._transport._pool._pool  # type: ignore[attr-defined]
        assert not pool._requests
        assert all(connection.is_idle() for connection in pool.connections)

    def close(self) -> None:
        self.client.close()
        self.home.close()


@pytest.fixture
def rig(provider: Provider) -> Iterator[Rig]:
    made = Rig(provider)
    yield made
    made.close()


def test_a_good_call(rig: Rig, provider: Provider) -> None:
    answer = rig.client.get("/x", params={"a": 1})
    assert (answer.status_code, answer.text) == (200, "fine")
    assert provider.seen[0].path == "/x?a=1"
    assert float(provider.seen[0].headers["x-request-timeout"].rstrip("s")) > 0
    assert rig.ended == [("ok", 1, False)]
    rig.idle()


@pytest.mark.parametrize(
    ("behaviour", "cause"), [(reset, "reset"), (blackhole, "timeout"), (stuck_body, "timeout")]
)
def test_a_failure_is_named_repeated_and_then_refused(provider: Provider, behaviour: Any, cause: str) -> None:
    rig = Rig(provider, section=HASTY if cause == "timeout" else {})
    provider.default = behaviour
    with pytest.raises(CallFailed, match=cause):
        rig.client.get("/x")
    with pytest.raises(CallFailed, match=cause):
        rig.client.post("/x")
    assert rig.ended == [(cause, 2, False), (cause, 1, False)]
    assert provider.seen[1].headers["holdfast-attempt"] == "2"
    rig.idle()
    rig.close()


def test_a_body_that_drips_has_no_longer_than_the_attempt(provider: Provider) -> None:
    async def drips(exchange: Exchange) -> None:
        exchange.writer.write(b"HTTP/1.1 200 Said\r\ncontent-length: 100000\r\n\r\n")
        while not exchange.reader.at_eof():
            exchange.writer.write(b".")
            try:
                async with asyncio.timeout(0.02):
                    await exchange.reader.read(1)
            except TimeoutError:
                continue

    rig = Rig(provider, section=HASTY)
    provider.default = drips
    with pytest.raises(CallFailed, match="timeout"):
        rig.client.post("/x")
    rig.idle()
    rig.close()


def test_the_breaker_is_that_of_the_other_clients(rig: Rig, provider: Provider) -> None:
    provider.default = reset
    for _ in range(2):
        with pytest.raises(CallFailed):
            rig.client.get("/x")
    with pytest.raises(BreakerOpen):
        rig.client.get("/x")
    assert len(provider.seen) == 4


def test_a_fallback_may_block(provider: Provider) -> None:
    threads = []

    def instead(request: httpx2.Request, why: Exception) -> httpx2.Response:
        threads.append(threading.get_ident())
        return httpx2.Response(200, json={"instead": str(why)})

    rig = Rig(provider, fallback=instead)
    provider.default = reset
    answer = rig.client.post("/x")
    assert answer.json() == {"instead": "payments: reset"}
    assert answer.headers["holdfast-outcome"] == "degraded"
    assert threads == [threading.get_ident()]
    assert rig.ended == [("reset", 1, True)]
    rig.close()


def test_a_stream_holds_its_permit_until_it_is_closed(provider: Provider) -> None:
    rig = Rig(provider, section={"bulkhead": 1})
    with rig.client.stream("GET", "/x") as answer:
        assert rig.in_flight == 1
        with pytest.raises(BulkheadFull):
            rig.client.post("/x")
        assert answer.read() == b"fine"
    assert rig.client.post("/x").status_code == 200
    rig.idle()
    rig.close()


def test_the_deadline_of_the_request_holds_in_the_thread(rig: Rig, provider: Provider) -> None:
    provider.default = blackhole
    token = deadline.tighten(monotonic() + 0.2)
    try:
        with pytest.raises(DeadlineExceeded):
            rig.client.get("/x")
    finally:
        deadline.restore(token)
    rig.idle()


@pytest.mark.parametrize("seed", range(2))
def test_threads_side_by_side(rig: Rig, provider: Provider, seed: int) -> None:
    chance = random.Random(seed)

    async def any_way(exchange: Exchange) -> None:
        await (reset(exchange) if chance.random() < 0.2 else exchange.answer(chance.choice([200, 200, 503])))

    provider.default = any_way
    said: list[Any] = []

    def one() -> None:
        for _ in range(15):
            try:
                said.append(rig.client.get("/x").status_code)
            except (CallFailed, BulkheadFull, BreakerOpen) as error:
                said.append(type(error))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert len(said) == len(rig.heard) == 8 * 15
    rig.idle()
