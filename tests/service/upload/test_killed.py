"""A process that is killed in the middle of an upload: the next one removes what it left, and no more."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.postgres import free_port
from tests.service.upload.held import PDF
from tests.service.uvicorn_here import Client, until

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]


@contextmanager
def worker(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server of its own."""
    command = [sys.executable, "-m", "uvicorn", "tests.service.upload.held:app", "--port", str(port)]
    environ = {**os.environ, "UPLOADS_FOLDER": str(folder)}
    with (folder / f"{port}.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def connected(port: int) -> Client:
    """Return a connection, when somebody listens."""
    while True:
        try:
            return await Client.to(port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.02)


async def half_an_upload(port: int, files: Path, count: int) -> Client:
    """Send half a file; return when as many as `count` partial ones are there."""
    client = await connected(port)
    client.send("PUT /dump HTTP/1.1\nHost: here\nContent-Length: 4000000", PDF + bytes(2_000_000))
    await until(lambda: files.exists() and len(list(files.iterdir())) == count, seconds=60)
    return client


async def test_leftovers_of_the_dead_go_and_those_of_the_living_stay(tmp_path: Path) -> None:
    files = tmp_path / "files"
    killed, lives, again = free_port(), free_port(), free_port()
    with worker(tmp_path, killed) as process, worker(tmp_path, lives):
        gone = await half_an_upload(killed, files, 1)
        (leftover,) = files.iterdir()
        client = await half_an_upload(lives, files, 2)
        process.kill()
        process.wait()
        assert leftover.exists()
        with worker(tmp_path, again):
            await until(lambda: not leftover.exists(), seconds=60)
            assert len(list(files.iterdir())) == 1
            client.writer.write(bytes(4_000_000 - 2_000_000 - len(PDF)))
            assert (await client.answer())[0] == 200
    (kept,) = files.iterdir()
    assert kept.read_bytes()[: len(PDF)] == PDF
    assert kept.stat().st_size == 4_000_000
    await client.close()
    gone.reset()
