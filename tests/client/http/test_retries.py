"""What is repeated, when, and what is not."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from holdfast.errors import (
    CallFailed,
)
from holdfast.policy import deadline
from holdfast.policy.retry import restore, retried
from tests.client.http.rig import Rig, run
from tests.client.provider import (
    Provider,
    status,
)


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
