"""The client against a real server that misbehaves."""

from __future__ import annotations

import asyncio
import gzip
import random
import socket
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import httpx2
import pytest

from holdfast.budget.model import Dependency
from holdfast.client.http import DependencyClient, client
from holdfast.errors import (
    BreakerOpen,
    BulkheadFull,
    CallFailed,
    DeadlineExceeded,
    DependencyUnavailable,
    UsageError,
)
from holdfast.events import BreakerChanged, Bus, CallEnded, RetryDecided
from holdfast.policy import deadline
from holdfast.policy.deadline import current
from holdfast.policy.mode import Mode
from holdfast.policy.retry import restore, retried
from tests.client.provider import (
    Exchange,
    Provider,
    blackhole,
    fine,
    hang_up,
    reset,
    slow,
    status,
    stuck_body,
)

SECTION: dict[str, Any] = {
    "kind": "http",
    "url_env": "PAYMENTS_URL",
    "timeout": {"connect": "150ms", "total": "300ms"},
    "breaker": {"window": "10s", "failures": "50%", "open": "5s", "minimum": 4},
    "bulkhead": 5,
    "retry": {"attempts": 2, "budget": "100%"},
    "fallback": "503",
}


class Rig:
    """A client, and what it reports."""

    def __init__(self, provider: Provider, *, leave: tuple[str, ...] = (), **options: Any) -> None:
        section = {key: value for key, value in SECTION.items() if key not in leave}
        section |= options.pop("section", {})
        self.bus, self.heard = Bus(), []
        for kind in (CallEnded, RetryDecided, BreakerChanged):
            self.bus.subscribe(kind, self.heard.append)
        options.setdefault("environ", {"PAYMENTS_URL": provider.url})
        model = Dependency.model_validate(section)
        self.client: DependencyClient = client("payments", model, bus=self.bus, **options)

    @property
    def ended(self) -> list[tuple[str, int, bool]]:
        return [(e.outcome, e.attempts, e.degraded) for e in self.heard if isinstance(e, CallEnded)]

    def idle(self) -> None:
        """Nothing is held any more, neither permits nor leases nor timers nor places in the pool."""
        lane = self.client.policies.lanes.peek()
        assert lane is not None
        assert lane.pipeline.bulkhead is not None
        assert lane.pipeline.bulkhead.core.in_flight == 0
        assert lane.pipeline.breaker is None or not lane.pipeline.breaker.core._leases
        pool = lane.pool._pool  # type: ignore[attr-defined]
        assert not pool._requests
        assert all(connection.is_idle() for connection in pool.connections)
        assert current().waiting() == 0


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(main)


def test_a_good_call(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider)
        async with rig.client as payments:
            answer = await payments.post("/charges", json={"amount": 1})
            assert (answer.status_code, answer.text) == (200, "fine")
            assert answer.elapsed.total_seconds() > 0
            await payments.get("/charges")
            rig.idle()
        assert provider.connections == 1  # kept alive
        assert [s.path for s in provider.seen] == ["/charges", "/charges"]
        assert provider.seen[0].body == b'{"amount":1}'
        assert rig.ended == [("ok", 1, False)] * 2
        assert "holdfast-attempt" not in provider.seen[0].headers

    run(main())


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        (slow(2.0), "timeout"),
        (blackhole, "timeout"),
        (stuck_body, "timeout"),
        (reset, "reset"),
        (hang_up, "reset"),
        (status(500), "status 500"),
        (status(503), "status 503"),
    ],
)
def test_a_failure_is_named_repeated_and_then_refused(provider: Provider, behaviour: Any, cause: str) -> None:
    async def main() -> None:
        rig = Rig(provider)
        async with rig.client as payments:
            provider.script = [behaviour]
            assert (await payments.get("/charges")).text == "fine"
            provider.script = [behaviour, behaviour]
            start = time.monotonic()
            with pytest.raises(CallFailed) as failed:
                await payments.get("/charges")
            assert (failed.value.cause, failed.value.dependency) == (cause, "payments")
            assert time.monotonic() - start < 2.0
            rig.idle()
        assert rig.ended == [("ok", 2, False), (cause, 2, False)]
        marks = [seen.headers.get("holdfast-attempt") for seen in provider.seen]
        assert marks == [None, "2", None, "2"]

    run(main())


def test_nobody_there(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider)
        provider.refuse()
        async with rig.client as payments:
            with pytest.raises(CallFailed) as failed:
                await payments.get("/charges")
            assert failed.value.cause == "connect"
            rig.idle()
        assert rig.ended == [("connect", 2, False)]

    run(main())


def test_a_host_that_never_answers_a_connect(provider: Provider) -> None:
    # A listener whose backlog is full drops SYNs, as a host that is gone does.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        try:
            for sock in waiting:
                sock.setblocking(False)
                sock.connect_ex(address)

            async def main() -> None:
                environ = {"PAYMENTS_URL": f"http://127.0.0.1:{address[1]}"}
                rig = Rig(provider, environ=environ)
                async with rig.client as payments:
                    with pytest.raises(CallFailed) as failed:
                        await payments.post("/charges")
                    assert failed.value.cause == "connect"
                    rig.idle()

            run(main())
        finally:
            for sock in waiting:
                sock.close()


@pytest.mark.parametrize(("headers", "attempts"), [({}, 1), ({"Idempotency-Key": "k1"}, 2)])
def test_what_is_not_idempotent_is_not_repeated(
    provider: Provider, headers: dict[str, str], attempts: int
) -> None:
    async def main() -> None:
        rig = Rig(provider)
        provider.default = status(500)
        async with rig.client as payments:
            with pytest.raises(CallFailed):
                await payments.post("/charges", headers=headers)
        assert len(provider.seen) == attempts

    run(main())


def test_retry_after_is_honoured(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider)
        async with rig.client as payments, deadline.within(5.0):
            for code in (429, 503):
                provider.script = [status(code, retry_after="1")]
                start = time.monotonic()
                assert (await payments.get("/charges")).status_code == 200
                assert time.monotonic() - start >= 1.0
        async with deadline.within(0.5):
            provider.script = [status(503, retry_after="60")]
            rig = Rig(provider)
            with pytest.raises(CallFailed) as failed:
                await rig.client.get("/charges")
            assert failed.value.retry_after == 60.0
            await rig.client.aclose()

    run(main())


def test_the_breaker_opens_and_spares_the_provider(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider)
        provider.default = status(500)
        async with rig.client as payments:
            for _ in range(2):
                with pytest.raises(CallFailed):
                    await payments.get("/charges")
            for _ in range(20):
                with pytest.raises(BreakerOpen) as refused:
                    await payments.get("/charges")
            assert refused.value.retry_after is not None
            assert 4 < refused.value.retry_after <= 5
            rig.idle()
        assert len(provider.seen) == 4

    run(main())


def test_the_bulkhead_bounds_calls_and_connections(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider)
        provider.default = slow(0.1)
        async with rig.client as payments:
            results = await asyncio.gather(
                *(payments.get("/charges") for _ in range(20)), return_exceptions=True
            )
            full = [result for result in results if isinstance(result, BulkheadFull)]
            assert len(full) == 15
            assert provider.connections == 5
            rig.idle()

    run(main())


def test_the_deadline_is_forwarded_and_ends_the_call(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider)
        async with rig.client as payments:
            await payments.get("/own")
            async with deadline.within(0.2):
                await payments.get("/ambient")
                await payments.get("/asked", headers={"X-Request-Timeout": "50ms"})
            provider.script = [blackhole]
            with pytest.raises(DeadlineExceeded):
                async with deadline.within(0.1):
                    await payments.get("/late")
            lane = rig.client.policies.lanes.current()
            assert lane.pipeline.breaker is not None
            assert lane.pipeline.breaker.core._failures.total == 0
            rig.idle()
        told = {seen.path: float(seen.headers["x-request-timeout"]) for seen in provider.seen}
        assert 0.29 < told["/own"] <= 0.3
        assert 0.1 < told["/ambient"] <= 0.2
        assert told["/asked"] == 0.05
        assert rig.ended[-1] == ("deadline", 1, False)

    run(main())


def test_below_a_retried_request_nothing_is_repeated(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider)
        provider.default = status(503)
        async with rig.client as payments:
            token = retried(3)
            with pytest.raises(CallFailed):
                await payments.get("/charges")
            restore(token)
        assert [seen.headers["holdfast-attempt"] for seen in provider.seen] == ["3"]

    run(main())


def test_a_fallback_answer_is_marked_and_fresh_each_time(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider, fallback=httpx2.Response(202, json={"charged": "later"}))
        provider.default = status(500)
        async with rig.client as payments:
            answers = [await payments.get("/charges") for _ in range(3)]
            assert [(a.status_code, a.json()) for a in answers] == [(202, {"charged": "later"})] * 3
            assert [a.headers["holdfast-outcome"] for a in answers] == ["degraded"] * 3
            assert len({id(a) for a in answers}) == 3
            assert answers[0].request.url.path == "/charges"
        assert [degraded for _, _, degraded in rig.ended] == [True] * 3
        assert rig.ended[-1][0] == "breaker"

    run(main())


@pytest.mark.parametrize("asynchronous", [True, False])
def test_a_fallback_made_of_the_request_and_the_reason(provider: Provider, asynchronous: bool) -> None:
    def make(request: httpx2.Request, why: DependencyUnavailable) -> httpx2.Response:
        return httpx2.Response(200, text=f"{request.method} {why}")

    async def make_later(request: httpx2.Request, why: DependencyUnavailable) -> httpx2.Response:
        await asyncio.sleep(0)
        return make(request, why)

    async def main() -> None:
        rig = Rig(provider, fallback=make_later if asynchronous else make)
        provider.default = status(500)
        async with rig.client as payments:
            assert (await payments.post("/charges")).text == "POST payments: status 500"

    run(main())


def test_without_a_decision_a_failed_answer_is_passed_on(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider, leave=("fallback",))
        provider.default = status(502)
        async with rig.client as payments:
            answer = await payments.get("/charges")
            assert (answer.status_code, answer.text) == (502, "no")
        assert rig.ended == [("status 502", 2, False)]

    run(main())


def test_without_numbers_it_is_a_plain_client(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider, leave=("timeout", "breaker", "bulkhead", "retry", "fallback"))
        assert len(rig.client.config.missing) == 9
        async with rig.client as payments:
            provider.default = slow(0.6)
            assert (await payments.get("/charges")).status_code == 200
            provider.default = status(500)
            for _ in range(9):
                assert (await payments.get("/charges")).status_code == 500
            rig.idle()
        assert len(provider.seen) == 10
        assert "x-request-timeout" not in provider.seen[0].headers

    run(main())


def test_observing_refuses_and_repeats_nothing(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider, mode=Mode.OBSERVE)
        async with rig.client as payments:
            provider.default = slow(0.5)
            assert (await payments.get("/charges")).status_code == 200
            provider.default = status(500)
            for _ in range(9):
                assert (await payments.get("/charges")).status_code == 500
        assert len(provider.seen) == 10

    run(main())


def test_encoded_bodies_arrive_decoded(provider: Provider) -> None:
    async def zipped(exchange: Exchange) -> None:
        await exchange.answer(200, gzip.compress(b"payments"), content_encoding="gzip")

    async def main() -> None:
        rig = Rig(provider)
        provider.default = zipped
        async with rig.client as payments:
            assert (await payments.get("/charges")).text == "payments"
            async with payments.stream("GET", "/charges") as answer:
                assert await answer.aread() == b"payments"
            rig.idle()

    run(main())


def test_a_stream_holds_its_permit_until_it_is_closed(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider, leave=("breaker",))
        async with rig.client as payments:
            async with payments.stream("GET", "/export") as answer:
                bulkhead = rig.client.policies.lanes.current().pipeline.bulkhead
                assert bulkhead is not None
                assert bulkhead.core.in_flight == 1
                assert b"".join([part async for part in answer.aiter_bytes()]) == b"fine"
            rig.idle()
            async with payments.stream("GET", "/export"):
                pass  # never read
            rig.idle()
            provider.script = [status(500), status(500)]
            with pytest.raises(CallFailed):
                async with payments.stream("GET", "/export"):
                    pytest.fail("there is nothing to stream")
            provider.script = [stuck_body]
            with pytest.raises(httpx2.ReadTimeout):
                async with payments.stream("GET", "/export") as answer:
                    await answer.aread()
            rig.idle()

    run(main())


def test_a_streamed_upload_is_sent_once(provider: Provider) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"12"
        yield b"34"

    async def main() -> None:
        rig = Rig(provider)
        provider.default = status(500)
        async with rig.client as payments:
            with pytest.raises(CallFailed):
                await payments.put("/charges", content=parts(), headers={"content-length": "4"})
        assert [seen.body for seen in provider.seen] == [b"1234"]

    run(main())


def test_the_callers_own_mistake(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider)
        async with rig.client as payments:
            with pytest.raises(httpx2.UnsupportedProtocol):
                await payments.get("gopher://x")
            rig.idle()

    run(main())


def test_one_client_on_loops_one_after_the_other(provider: Provider) -> None:
    rig = Rig(provider)

    async def main() -> None:
        assert (await rig.client.get("/charges")).text == "fine"
        rig.idle()
        await rig.client.policies.aclose()

    run(main())
    run(main())
    assert provider.connections == 2


def test_a_constructor_connects_to_nothing_and_needs_no_loop(provider: Provider) -> None:
    rig = Rig(provider)
    assert rig.client.policies.lanes._lanes == {}
    assert provider.connections == 0
    with pytest.raises(UsageError, match="PAYMENTS_URL: not set"):
        Rig(provider, environ={})


def test_the_pool_survives_timeouts_under_load(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider, section={"breaker": {"window": "10s", "failures": "100%", "open": "5s"}})
        provider.default = blackhole
        async with rig.client as payments:
            await asyncio.gather(*(payments.get("/charges") for _ in range(30)), return_exceptions=True)
            rig.idle()
            provider.default = fine
            assert (await payments.get("/charges")).text == "fine"
            rig.idle()

    run(main())


@pytest.mark.parametrize("seed", range(4))
def test_nothing_leaks_under_random_cancellation(provider: Provider, seed: int) -> None:
    async def main() -> None:
        dice = random.Random(seed)
        # A breaker that never opens, so that every call goes all the way.
        breaker = {"window": "10s", "failures": "100%", "open": "5s", "minimum": 10_000}
        rig = Rig(provider, section={"breaker": breaker, "timeout": {"connect": "20ms", "total": "40ms"}})
        behaviours = [fine, fine, slow(0.02), blackhole, stuck_body, reset, hang_up, status(503)]
        provider.script = [dice.choice(behaviours) for _ in range(400)]

        async def one() -> None:
            limit = dice.choice([None, 0.01, 0.03])
            token = deadline.tighten(None if limit is None else time.monotonic() + limit)
            try:
                if dice.random() < 0.5:
                    await rig.client.get("/charges")
                else:
                    async with rig.client.stream("GET", "/charges") as answer:
                        await answer.aread()
            except (DependencyUnavailable, DeadlineExceeded, httpx2.TransportError):
                pass
            finally:
                deadline.restore(token)

        tasks = []
        for _ in range(150):
            tasks.append(asyncio.create_task(one()))
            await asyncio.sleep(dice.choice([0, 0, 0.002, 0.01]))
            if dice.random() < 0.4:
                dice.choice(tasks).cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert result is None or isinstance(result, asyncio.CancelledError), repr(result)
        rig.idle()
        provider.script.clear()
        assert (await rig.client.get("/charges")).text == "fine"
        rig.idle()
        await rig.client.aclose()

    run(main())
