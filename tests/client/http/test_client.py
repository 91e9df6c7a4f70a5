"""The client where nothing goes wrong: an httpx2.AsyncClient in every respect."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from holdfast.errors import (
    UsageError,
)
from holdfast.policy.mode import Mode
from tests.client.http.rig import Rig, run
from tests.client.provider import (
    Exchange,
    Provider,
    slow,
    status,
)


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


@pytest.mark.parametrize("said", [{"mode": Mode.OBSERVE}, {"section": {"mode": "observe"}}])
def test_observing_refuses_and_repeats_nothing(provider: Provider, said: dict[str, Any]) -> None:
    async def main() -> None:
        rig = Rig(provider, **said)
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
    assert rig.client.policies.lanes._of == {}
    assert provider.connections == 0
    with pytest.raises(UsageError, match="PAYMENTS_URL: not set"):
        Rig(provider, environ={})
