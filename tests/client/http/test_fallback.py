"""The degraded answer."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from holdfast.errors import (
    DependencyUnavailable,
)
from tests.client.http.rig import Rig, run
from tests.client.provider import (
    Provider,
    status,
)


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
