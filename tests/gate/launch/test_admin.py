from __future__ import annotations

import asyncio

import pytest

from holdfast.gate.launch.admin import get
from holdfast.gate.launch.port import free
from tests.gate.fault.conftest import Run
from tests.gate.fault.servers import raw


def serving(answer: bytes, seen: list[bytes] | None = None):  # type: ignore[no-untyped-def]
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if seen is not None:
            seen.append(head)
        writer.write(answer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return raw(serve)


def test_status_and_body(run: Run) -> None:
    async def main() -> None:
        seen: list[bytes] = []
        body = b"x" * 300_000
        head = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 300000\r\n\r\n"
        async with serving(head + body, seen) as port:
            assert await get(port, "/state?x=1") == (503, body)
            assert seen[0].startswith(b"GET /state?x=1 HTTP/1.0\r\nHost: 127.0.0.1:%d\r\n" % port)
        async with serving(b"HTTP/1.0 200\r\n\r\n") as port:
            assert await get(port, "/") == (200, b"")

    run(main())


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "did not answer in HTTP"),
        (b"hello\r\n\r\n", "did not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "did not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "broke off"),
    ],
)
def test_broken_answers(run: Run, answer: bytes, why: str) -> None:
    async def main() -> None:
        async with serving(answer) as port:
            with pytest.raises(ConnectionError, match=why):
                await get(port, "/readyz")

    run(main())


def test_nobody_and_silence(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(ConnectionRefusedError):
            await get(free(), "/")

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()

        async with raw(silent) as port:
            with pytest.raises(TimeoutError):
                await get(port, "/", timeout=0.05)

    run(main())
