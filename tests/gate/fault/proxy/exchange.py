"""One HTTP exchange on a raw connection, and how a connection ends."""

from __future__ import annotations

import asyncio

import pytest

from holdfast.gate.fault.framer import framer_of

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"

HTTP = framer_of("http")


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    return await reader.readexactly(5)


async def ended(reader: asyncio.StreamReader, *, reset: bool) -> None:
    """The connection ends, by reset or by FIN, and not with bytes."""
    async with asyncio.timeout(5):
        if reset:
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
        else:
            assert await reader.read(1) == b""
