"""Load that counts: every request sent has an answer, or is named."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class Count:
    """What clients saw. `lost`: requests that went out and whose answer did not come, whole and good."""

    answered: int = 0
    refused: int = 0
    lost: list[str] = field(default_factory=list)


async def client(address: str, count: Count, stop: asyncio.Event, *, keep: bool, path: bytes) -> None:
    """Send one request after the other, on one connection for as long as it lasts, or on one each."""
    host, _, port = address.rpartition(":")
    ask = b"GET " + path + b" HTTP/1.1\r\nhost: x\r\n" + (b"" if keep else b"connection: close\r\n") + b"\r\n"
    writer: asyncio.StreamWriter | None = None
    while not stop.is_set():
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(ask)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r")[0]))
        except ConnectionRefusedError:
            count.refused += 1
            break
        except (OSError, EOFError) as error:
            count.lost.append(f"{'kept' if keep else 'fresh'} {error!r}")
            head = b"connection: close"
        else:
            if head.startswith(b"http/1.1 200"):
                count.answered += 1
            else:
                count.lost.append(head.split(b"\r\n")[0].decode())
        if b"connection: close" in head and writer is not None:
            writer.close()
            writer = None
    if writer is not None:
        writer.close()


@contextlib.asynccontextmanager
async def load(address: str, clients: int = 8, path: bytes = b"/slow?seconds=0.01") -> AsyncIterator[Count]:
    """Keep `clients` busy meanwhile, half of them on connections that they keep."""
    count, stop = Count(), asyncio.Event()
    running = [
        asyncio.create_task(client(address, count, stop, keep=n % 2 == 0, path=path)) for n in range(clients)
    ]
    try:
        yield count
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*running), 30)
