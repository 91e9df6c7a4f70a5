"""Uploads over real sockets, behind a real Uvicorn: kept whole, refused in words, or gone without a trace."""

# ruff: noqa: ASYNC240 - the test looks at the disk itself
from __future__ import annotations

import asyncio
import errno
import hashlib
import json
from pathlib import Path

import pytest

from holdfast.loop.offload.threads import current
from holdfast.service.upload.incoming import BLOCK
from tests.service.upload.held import PDF, PNG, Remembering, Service, form
from tests.service.uvicorn_here import Client, served, until

pytestmark = pytest.mark.anyio


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


Part = tuple[str, str | None, bytes]


def post(client: Client, path: str, content_type: str, body: bytes, *, sent: int | None = None) -> None:
    """Send a request, of its body the first `sent` bytes."""
    head = f"POST {path} HTTP/1.1\nHost: here\nContent-Type: {content_type}\nContent-Length: {len(body)}"
    client.send(head, body[:sent])


async def posted(port: int, path: str, *parts: Part) -> tuple[int, dict[str, object]]:
    client = await Client.to(port)
    post(client, path, *form(*parts))
    status, body = await client.answer()
    await client.close()
    return status, json.loads(body)


async def test_files_and_fields_arrive(service: Service) -> None:
    pictures = [PNG + bytes([n]) * (700_000 + n) for n in range(2)]
    async with served(service.app) as port:
        status, said = await posted(
            port,
            "/pictures",
            ("title", None, "für alle".encode()),
            ("pictures", "../../etc/passwd", pictures[0]),
            ("tag", None, b"a"),
            ("pictures", "two.jpg", pictures[1]),
            ("tag", None, b"b"),
            ("none", "", b""),
        )
    assert status == 200, said
    (received,) = service.received
    assert received.fields == {"title": ("für alle",), "tag": ("a", "b")}
    assert [file.filename for file in received.files] == ["../../etc/passwd", "two.jpg"]
    for file, content in zip(received.files, pictures, strict=True):
        assert file.media_type == "image/png"
        assert file.name.endswith(".png")
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert Path(file.location) == service.directory / file.name
        assert Path(file.location).read_bytes() == content
    assert service.left() == sorted(file.name for file in received.files)


async def test_a_raw_body_is_a_file_and_its_digest_is_checked(service: Service) -> None:
    body = PDF + bytes(3_000_000)
    right = "R7GSsWSeFCSXtUrkL8xlBwi4xMYhsRyPrnmj0QyXyQo="
    async with served(service.app) as port:
        client = await Client.to(port)
        head = f"PUT /dump HTTP/1.1\nHost: here\nContent-Length: {len(body)}"
        client.send(head, body)
        status, said = await client.answer()
        assert (status, json.loads(said)["sha256"]) == (200, hashlib.sha256(body).hexdigest())
        client.send(f"{head}\nContent-Digest: sha-256=:{right}:", body)
        status, said = await client.answer()
        assert (status, "digest" in said.decode()) == (400, True)
        await client.close()
    assert len(service.left()) == 1


async def test_413_reaches_a_client_that_is_still_sending(service: Service) -> None:
    content_type, body = form(("picture", "big.png", PNG + bytes(4_000_000)), ("x", "more.png", PNG))
    async with served(service.app) as port:
        for _ in range(10):
            client = await Client.to(port)
            # In chunks, so that only reading tells how much it is.
            head = f"POST /pictures HTTP/1.1\nHost: here\nContent-Type: {content_type}"
            client.send(f"{head}\nTransfer-Encoding: chunked")
            for at in range(0, len(body), 100_000):
                piece = body[at : at + 100_000]
                client.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                await client.writer.drain()
            client.writer.write(b"0\r\n\r\n")
            status, said = await client.answer()
            assert status == 413
            problem = json.loads(said)
            assert (problem["type"], problem["limit"]) == ("urn:holdfast:upload", 1 << 20)
            assert await client.get("/openapi.json") is not None  # the connection goes on
            await client.close()
    assert service.left() == []


async def test_a_body_that_announces_too_much_is_refused_unread(service: Service) -> None:
    async with served(service.app) as port:
        client = await Client.to(port)
        client.send("PUT /dump HTTP/1.1\nHost: here\nContent-Length: 99000000", bytes(100_000))
        status, said = await client.answer()
        assert (status, json.loads(said)["limit"]) == (413, 16 << 20)
        await client.close()
    assert not service.directory.exists() or service.left() == []


@pytest.mark.parametrize(
    ("parts", "status", "words"),
    [
        ([("a", "a.png", PDF + bytes(1000))], 415, "application/pdf"),
        ([("a", "a.txt", b"text" * 200_000 + b"\x00")], 415, "application/octet-stream"),
        ([("a", "a.txt", b"text" * 1000 + b"\xc3")], 415, "application/octet-stream"),
        ([("a", "page.txt", b"<svg onload=x>")], 415, "text/html"),
        ([("a", f"{n}.png", PNG) for n in range(4)], 413, "more than 3 files"),
        ([("a", "a.png", PNG), ("note", None, b"x" * (1 << 20))], 413, "fields"),
        ([("f", None, b"")] * 101, 413, "more than 100 fields"),
        ([("a", "a.png", PNG), ("note", None, b"\xff")], 400, "UTF-8"),
    ],
    ids=["type", "late", "cut", "markup", "files", "fields", "many", "encoding"],
)
async def test_what_is_not_taken_is_refused_and_nothing_stays(
    service: Service, parts: list[Part], status: int, words: str
) -> None:
    async with served(service.app) as port:
        answered, problem = await posted(port, "/pictures", *parts)
    assert (answered, words in str(problem["detail"])) == (status, True), problem
    assert service.received == []
    assert service.left() == []


async def test_a_form_without_its_end_is_refused(service: Service) -> None:
    content_type, body = form(("a", "a.png", PNG + bytes(300_000)))
    async with served(service.app) as port:
        client = await Client.to(port)
        post(client, "/pictures", content_type, body[:-16])
        assert (await client.answer())[0] == 400
        post(client, "/pictures", "application/json", b"{}")
        assert (await client.answer())[0] == 400
        await client.close()
    assert service.left() == []


async def test_what_the_route_raises_takes_its_files_along(service: Service) -> None:
    async with served(service.app) as port:
        assert (await posted(port, "/fails", ("a", "a.png", PNG)))[0] == 409
        assert len(service.received) == 1
        assert (await posted(port, "/numbers/none", ("a", "a.png", PNG)))[0] == 422
        assert (await posted(port, "/closed", ("a", "a.png", PNG)))[0] == 403
    assert service.left() == []


async def test_a_client_that_leaves_in_the_middle_of_a_file_leaves_nothing(service: Service) -> None:
    content_type, body = form(("a", "a.png", PNG + bytes(900_000)), ("b", "b.png", PNG + bytes(900_000)))
    async with served(service.app) as port:
        for sent in (600_000, 1_500_000):
            client = await Client.to(port)
            post(client, "/pictures", content_type, body, sent=sent)
            await until(service.left)
            client.reset()
            await until(lambda: not service.left())
        await until(lambda: service.hold.in_flight == 0)
    assert service.received == []
    assert current().slots.used == 0


async def test_two_at_once_do_not_mix(service: Service) -> None:
    bodies = [form(("a", f"{n}.png", PNG + bytes([n]) * 900_000)) for n in range(2)]
    async with served(service.app) as port:
        clients = [await Client.to(port) for _ in bodies]
        for client, (content_type, body) in zip(clients, bodies, strict=True):
            post(client, "/pictures", content_type, body, sent=500_000)
        await until(lambda: len(service.left()) == 2)
        for client, (_, body) in zip(clients, bodies, strict=True):
            client.writer.write(body[500_000:])
        assert [(await client.answer())[0] for client in clients] == [200, 200]
        for client in clients:
            await client.close()
    contents = {Path(received.file.location).read_bytes()[-1] for received in service.received}
    assert contents == {0, 1}


@pytest.mark.parametrize("after", [0, 2])
async def test_a_full_disk_is_said_so_and_nothing_stays(tmp_path: Path, after: int) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    service = Service(tmp_path, Remembering(tmp_path / "files", error=full, after=after))
    async with served(service.app) as port:
        status, problem = await posted(port, "/pictures", ("a", "a.png", PNG + bytes(900_000)))
    assert (status, problem["type"]) == (507, "urn:holdfast:upload")
    assert service.left() == []


async def test_what_a_sink_does_not_take_is_not_read(tmp_path: Path) -> None:
    sink = Remembering(tmp_path / "files")
    service = Service(tmp_path, sink)
    body = PDF + bytes(15 << 20)  # more than sockets hold
    async with served(service.app) as port:
        client = await Client.to(port)
        sink.gate.clear()
        client.send(f"PUT /dump HTTP/1.1\nHost: here\nContent-Length: {len(body)}", body)
        await until(lambda: sink.blocks)
        for _ in range(1000):  # turns in which more could come
            await asyncio.sleep(0)
        assert sink.blocks == [BLOCK]
        assert client.writer.transport.get_write_buffer_size() > 0  # the rest waits at the client
        sink.gate.set()
        assert (await client.answer())[0] == 200
        await client.close()
    assert max(sink.blocks) == BLOCK
    assert sum(sink.blocks) == len(body)
