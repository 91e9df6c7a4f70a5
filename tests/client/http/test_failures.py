"""A server that misbehaves: named, repeated, refused."""

from __future__ import annotations

import socket
import time
from typing import Any

import httpx2
import pytest

from holdfast.errors import (
    CallFailed,
)
from tests.client.http.rig import Rig, run
from tests.client.provider import (
    Provider,
    blackhole,
    hang_up,
    reset,
    slow,
    status,
    stuck_body,
)
from tests.client.section import HASTY


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        (slow(60.0), "timeout"),
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
        rig = Rig(provider, section=HASTY if cause == "timeout" else {})
        async with rig.client as payments:
            provider.script = [behaviour]
            assert (await payments.get("/charges")).text == "fine"
            provider.script = [behaviour, behaviour]
            start = time.monotonic()
            with pytest.raises(CallFailed) as failed:
                await payments.get("/charges")
            assert (failed.value.cause, failed.value.dependency) == (cause, "payments")
            assert time.monotonic() - start < 20.0, "and not when the provider ends"
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
                rig = Rig(provider, environ=environ, section=HASTY)
                async with rig.client as payments:
                    with pytest.raises(CallFailed) as failed:
                        await payments.post("/charges")
                    assert failed.value.cause == "connect"
                    rig.idle()

            run(main())
        finally:
            for sock in waiting:
                sock.close()


def test_the_callers_own_mistake(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider)
        async with rig.client as payments:
            with pytest.raises(httpx2.UnsupportedProtocol):
                await payments.get("gopher://x")
            rig.idle()

    run(main())
