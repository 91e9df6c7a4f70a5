"""Reading the service's admin port: one small GET, bounded in time and size.

HTTP/1.0 on purpose: the answer ends with the connection and is never chunked, and nothing is kept alive
that a restart of the service would break.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

__all__ = ["Answer", "get"]

_LARGEST = 16 << 20
"""Bytes; the metrics of a large service are below one MiB."""


class Answer(NamedTuple):
    """The status and the body."""

    status: int
    body: bytes


async def get(port: int, path: str, *, host: str = "127.0.0.1", timeout: float = 2.0) -> Answer:  # noqa: ASYNC109
    """Return the answer to GET `path`.

    Raises OSError: ConnectionError when nobody listens or the answer is broken, TimeoutError when it is not
    complete within `timeout` seconds, connecting included.
    """
    async with asyncio.timeout(timeout):
        reader, writer = await asyncio.open_connection(host, port, limit=_LARGEST)
        try:
            writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
            data = await _read_all(reader)
        finally:
            writer.transport.abort()  # plain, unlike wait_closed: nothing to cancel
    return _parse(data, f"{host}:{port}{path}")


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    data = bytearray()
    while chunk := await reader.read(1 << 16):
        data += chunk
        if len(data) > _LARGEST:
            raise ConnectionError(f"an answer of more than {_LARGEST} bytes")
    return bytes(data)


def _parse(data: bytes, where: str) -> Answer:
    head, blank, body = data.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    words = first.split(b" ", 2)
    if not blank or len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise ConnectionError(f"{where} did not answer in HTTP")
    for field in fields:
        name, _, value = field.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip() != str(len(body)).encode():
            raise ConnectionError(f"{where} broke off its answer")
    return Answer(int(words[1]), body)
