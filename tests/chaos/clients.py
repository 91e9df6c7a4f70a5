"""Clients on a loop in a thread of their own: well-behaved ones, and those that leave when they like."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

PATIENCE = 15.0


@dataclass(slots=True)
class Ended:
    """One request: when it was sent and ended, and a status, or what went wrong in words."""

    sent: float
    done: float
    how: int | str


@dataclass(slots=True)
class Crowd:
    """What became of all requests; `stop` is set when nobody shall begin another one."""

    address: str
    stop: threading.Event = field(default_factory=threading.Event)
    ended: list[Ended] = field(default_factory=list)

    def count(self, how: int | str = 200) -> int:
        return sum(one.how == how for one in list(self.ended))

    def hows(self) -> Counter[int | str]:
        return Counter(one.how for one in list(self.ended))

    def lost(self) -> list[Ended]:
        return [one for one in list(self.ended) if isinstance(one.how, str)]

    def longest(self) -> float:
        return max(one.done - one.sent for one in list(self.ended))


Client = Callable[[Crowd, random.Random], Awaitable[None]]


@contextmanager
def crowd(address: str, *clients: Client, seed: int = 1) -> Iterator[Crowd]:
    """Have clients at work while inside; on leaving they finish what they are at."""
    found = Crowd(address)
    failed: list[BaseException] = []

    async def run() -> None:
        await asyncio.gather(
            *(client(found, random.Random(seed + number)) for number, client in enumerate(clients))
        )

    def main() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            failed.append(error)

    thread = threading.Thread(target=main)
    thread.start()
    try:
        yield found
    finally:
        found.stop.set()
        thread.join()
    if failed:
        raise failed[0]


def steady(path: str, *, keep: bool, pause: float = 0.0) -> Client:
    """Return a client that sends one request after the other, on one connection or on a new one each."""

    async def client(crowd: Crowd, chance: random.Random) -> None:
        host, _, port = crowd.address.rpartition(":")
        close = "" if keep else "connection: close\r\n"
        ask = f"GET {path} HTTP/1.1\r\nhost: x\r\n{close}\r\n".encode()
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while not crowd.stop.is_set():
            if streams is not None and streams[0].at_eof():
                streams[1].close()
                streams = None  # the server closed it before there was another request
            sent = time.monotonic()
            how: int | str
            try:
                async with asyncio.timeout(PATIENCE):
                    if streams is None:
                        streams = await asyncio.open_connection(host, int(port))
                    reader, writer = streams
                    writer.write(ask)
                    how, stays = await answer(reader)
            except (OSError, EOFError, TimeoutError) as error:
                how, stays = type(error).__name__, False
            crowd.ended.append(Ended(sent, time.monotonic(), how))
            if not stays and streams is not None:
                streams[1].close()
                streams = None
            await asyncio.sleep(pause * chance.random())
        if streams is not None:
            streams[1].close()

    return client


async def answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read one answer with a length; return its status and whether the connection stays."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r")[0] or b"0"))
    return int(head[9:12]), b"connection: close" not in head


def fickle(*requests: bytes, at_most: float = 0.03) -> Client:
    """Return a client that sends one of `requests` and leaves at a random moment, politely or by a reset.

    It may leave in the middle of sending, while the request is worked on, in the middle of the answer, or
    with the next request on its way already.
    """

    async def client(crowd: Crowd, chance: random.Random) -> None:
        host, _, port = crowd.address.rpartition(":")
        while not crowd.stop.is_set():
            sent = time.monotonic()
            with suppress(OSError, EOFError):
                _, writer = await asyncio.open_connection(host, int(port))
                request = chance.choice(requests)
                cut = chance.randrange(1, len(request)) if chance.random() < 0.2 else len(request)
                writer.write(request[:cut] * (2 if chance.random() < 0.1 and cut == len(request) else 1))
                await asyncio.sleep(chance.random() * at_most)
                if chance.random() < 0.5:
                    writer.transport.abort()
                writer.close()
            crowd.ended.append(Ended(sent, time.monotonic(), "left"))

    return client
