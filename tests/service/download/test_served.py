"""Downloads over real sockets: whole, in ranges, given up with their reader."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Response

from holdfast import Holdfast
from tests.service.uvicorn_here import Client, served, until

pytestmark = pytest.mark.anyio

CONTENT = bytes(range(256)) * 4096  # 1 MiB


class Service:
    """An app with a file and an endless source."""

    def __init__(self, folder: Path, patience: str) -> None:
        (folder / "holdfast.toml").write_text(f'[connection]\nsend_timeout = "{patience}"')
        self.file = folder / "file.bin"
        self.file.write_bytes(CONTENT)
        self.yielded = 0
        self.closed = 0
        self.go = asyncio.Event()
        self.app = app = FastAPI()
        self.hold = hold = Holdfast(app, budget=folder / "holdfast.toml")

        @app.api_route("/file", methods=["GET", "HEAD"])
        async def file() -> Response:
            return hold.download(self.file, filename="münze.bin")

        @app.get("/tagged")
        async def tagged() -> Response:
            return hold.download(str(self.file), etag='"sum"', media_type="image/png")

        @app.get("/none")
        async def none() -> Response:
            return hold.download(folder / "nothing")

        @app.get("/folder")
        async def a_folder() -> Response:
            return hold.download(folder)

        @app.get("/endless")
        async def endless() -> Response:
            return hold.download(self.source())

        @app.get("/waits")
        async def waits() -> Response:
            return hold.download(self.waiting(), size=100)

        @app.get("/few")
        async def few() -> Response:
            return hold.download(self.some(), size=6, filename="a b", media_type="text/csv")

        @app.get("/fails")
        async def fails() -> Response:
            return hold.download(self.failing(), size=6)

    async def source(self) -> AsyncIterator[bytes]:
        try:
            while True:
                self.yielded += 1
                yield bytes(64 << 10)
        finally:
            await asyncio.sleep(0)  # as whoever gives back a connection
            self.closed += 1

    async def waiting(self) -> AsyncIterator[bytes]:
        try:
            yield b"first"
            self.yielded += 1
            await self.go.wait()
        finally:
            await asyncio.sleep(0)
            self.closed += 1

    async def some(self) -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"ab"

    async def failing(self) -> AsyncIterator[bytes]:
        yield b"ab"
        raise ValueError("the source failed")


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path, "60s")


async def got(port: int, path: str, *headers: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of an answer on a connection of its own."""
    client = await Client.to(port)
    client.send("\n".join([f"{method} {path} HTTP/1.1\nHost: here\nConnection: close", *headers]))
    head, _, body = (await client.reader.read(-1)).partition(b"\r\n\r\n")
    await client.close()
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in lines), body


async def test_a_file_whole_and_in_ranges(service: Service) -> None:
    async with served(service.app) as port:
        status, headers, body = await got(port, "/file")
        assert (status, body) == (200, CONTENT)
        assert headers["content-disposition"] == "attachment; filename*=utf-8''m%c3%bcnze.bin"
        assert headers["x-content-type-options"] == "nosniff"
        etag, date = headers["etag"], headers["last-modified"]
        one = ("Range: bytes=1000-1999", CONTENT[1000:2000])
        for asked, part in (
            one,
            ("Range: bytes=-10", CONTENT[-10:]),
            ("Range: bytes=1048570-", CONTENT[-6:]),
        ):
            status, headers, body = await got(port, "/file", asked)
            assert (status, body) == (206, part)
        assert headers["content-range"] == "bytes 1048570-1048575/1048576"
        for if_range, expected in ((etag, 206), ('"other"', 200), (f"W/{etag}", 200)):
            assert (await got(port, "/file", one[0], f"If-Range: {if_range}"))[0] == expected
        for ignored in ("lines=0-9", "bytes=9-5", "bytes=x"):
            status, _, body = await got(port, "/file", f"Range: {ignored}")
            assert (status, len(body)) == (200, len(CONTENT))
        status, headers, _ = await got(port, "/file", "Range: bytes=2000000-")
        assert (status, headers["content-range"]) == (416, "bytes */1048576")
        status, _, body = await got(port, "/file", "Range: bytes=0-0,5-6,9999999-")
        assert (status, body.count(b"content-range") + body.count(b"Content-Range")) == (206, 2)
        for held in (f"If-None-Match: {etag}", f"If-Modified-Since: {date}"):
            status, headers, body = await got(port, "/file", held)
            assert (status, headers["etag"], body) == (304, etag, b"")
        status, headers, body = await got(port, "/file", "Range: bytes=0-9", method="HEAD")
        assert (status, headers["content-length"], body) == (200, str(len(CONTENT)), b"")


async def test_a_tag_of_ones_own_and_files_that_are_none(service: Service) -> None:
    async with served(service.app) as port:
        _, headers, _ = await got(port, "/tagged")
        assert (headers["etag"], headers["content-type"]) == ('"sum"', "image/png")
        assert (await got(port, "/tagged", 'If-None-Match: "sum"'))[0] == 304
        assert (await got(port, "/none"))[0] == 404
        assert (await got(port, "/folder"))[0] == 404


async def test_a_source_whole_and_one_that_fails(service: Service) -> None:
    async with served(service.app, log_config=None) as port:
        status, headers, body = await got(port, "/few")
        assert (status, body, headers["content-length"]) == (200, b"ababab", "6")
        assert headers["content-disposition"] == "attachment; filename*=utf-8''a%20b"
        status, _, body = await got(port, "/fails")
        assert (status, body) == (200, b"ab")  # shorter than it was said to be: the client can tell


@pytest.mark.parametrize("path", ["/endless", "/waits"])
async def test_a_reader_who_leaves_ends_the_source(service: Service, path: str) -> None:
    async with served(service.app) as port:
        client = await Client.to(port)
        client.send(f"GET {path} HTTP/1.1\nHost: here")
        await until(lambda: service.yielded)
        client.reset()
        await until(lambda: service.closed)
        await until(lambda: service.hold.in_flight == 0)


async def test_a_reader_who_stands_still_holds_little_and_not_for_long(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service(tmp_path, "200ms")
    async with served(service.app) as port:
        client = await Client.to(port)
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        with caplog.at_level(logging.WARNING, "holdfast.download"):
            client.send("GET /endless HTTP/1.1\nHost: here")
            await until(lambda: service.closed)
        assert "a download was ended: its reader took nothing for 0.2 s" in caplog.messages
        assert service.yielded < 1000  # what sockets hold, and no more
        await until(lambda: service.hold.in_flight == 0)
        client.reset()
