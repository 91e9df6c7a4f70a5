"""How a service ends: nothing in flight is lost, no process is left, the port is free."""

from __future__ import annotations

import asyncio
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.serve.running import APP, Service, get, until

Start = Callable[..., Service]

ANNOUNCED = """
    [drain]
    announce = "1500ms"
    grace = "10s"
"""


def free(address: str) -> bool:
    """Whether nobody listens: a socket without SO_REUSEADDR would also see connections that linger."""
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
            probe.listen()
        except OSError:
            return False
    return True


def test_a_drain_loses_nothing(start: Start) -> None:
    service = start(APP, "--workers", "2", budget=ANNOUNCED).serving()
    address, admin = service.address, service.admin
    until(lambda: len(service.workers()) == 2, "two workers")
    host, _, port = address.rpartition(":")
    kept = http.client.HTTPConnection(host, int(port), timeout=10)
    kept.request("GET", "/")
    assert kept.getresponse().read()

    with ThreadPoolExecutor(8) as threads:
        in_flight = [threads.submit(get, address, "/slow?seconds=3") for _ in range(4)]
        until(lambda: sum(worker["in_flight"] for worker in service.workers()) == 4, "four in flight")
        service.signal(signal.SIGTERM)
        until(lambda: get(admin, "/readyz").status == 503, "unready at once")
        assert get(admin, "/livez").status == 200
        assert service.state()["phase"] == "draining"
        # During the announcement new requests are served, and kept connections end with their answer.
        until(lambda: get(address, "/").headers.get("connection") == "close", "answers that close")
        kept.request("GET", "/")
        last = kept.getresponse()
        assert last.status == 200
        assert last.getheader("connection") == "close"
        last.read()
        kept.close()
        assert [answer.result().status for answer in in_flight] == [200] * 4

    assert service.wait() == 0
    assert free(address)
    assert free(admin)
    assert not service.left()


def test_what_outlives_the_grace_is_cut(start: Start) -> None:
    budget = '[drain]\nannounce = "0s"\ngrace = "1s"\n'
    service = start(APP, "--workers", "1", budget=budget).serving()
    with ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(get, service.address, "/slow?seconds=60", 30)
        until(lambda: service.workers()[0]["in_flight"] == 1, "one in flight")
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
        assert hanging.exception() is not None or hanging.result().status >= 500
    assert not service.left()


def test_a_blocked_worker_does_not_keep_the_service_from_ending(start: Start) -> None:
    budget = '[drain]\nannounce = "0s"\ngrace = "1s"\n'
    service = start(APP, "--workers", "1", budget=budget).serving()
    with ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(get, service.address, "/block?seconds=60", 30)
        until(lambda: service.state()["recent_stalls"], "the stall")
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
        assert hanging.exception() is not None
    assert not service.left()


@pytest.mark.parametrize("how", ["supervisor", "master"])
def test_sigkill_leaves_no_process(start: Start, how: str) -> None:
    service = start(APP, "--workers", "2").serving()
    address = service.address
    if how == "supervisor":
        service.signal(signal.SIGKILL)
    else:
        os.kill(service.state()["server_pid"], signal.SIGKILL)
    assert service.wait() == (-9 if how == "supervisor" else 1)
    until(lambda: not service.left(), "every process to go")
    assert free(address)
    if how == "master":
        assert "the server ended by itself with status -9" in service.stderr


def test_what_the_app_started_goes_with_it(start: Start) -> None:
    source = "import subprocess\nsubprocess.Popen(['sleep', '600'])\n" + APP
    service = start(source, "--workers", "1").serving()
    assert len(service.left()) == 4
    service.signal(signal.SIGTERM)
    assert service.wait() == 0
    assert not service.left()


def test_interrupted_at_any_moment_of_booting_it_leaves_nothing(start: Start, tmp_path: Path) -> None:
    chance = random.Random(2)

    def interrupt(service: Service, after: float) -> None:
        # From the first child on: before that, the interpreter itself may still be starting.
        until(lambda: len(service.left()) > 1 or service.process.poll() is not None, "a child")
        time.sleep(after)
        service.signal(signal.SIGINT)
        assert service.wait() == 130, service.stderr
        assert "Traceback" not in service.stderr
        assert not service.left()

    with ThreadPoolExecutor(5) as threads:
        ends = []
        for number in range(5):
            output = tmp_path / str(number)
            output.mkdir()
            service = start(APP, "--workers", "2", output=output)
            ends.append(threads.submit(interrupt, service, chance.random() * 2.4))
        for end in ends:
            end.result()


CANCELLED = """
import asyncio, os, random, sys
from contextlib import ExitStack
from holdfast.serve.options import Options
from holdfast.serve.supervisor.shell import Supervisor

chance = random.Random(3)
options = Options(app="app:app", workers=1, port=0, admin_port=0)

async def once():
    with ExitStack() as stack:
        running = asyncio.create_task(Supervisor(options, stack).run())
        await asyncio.sleep(chance.random() * 1.2)
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled(), running

files = len(os.listdir("/proc/self/fd"))
for _ in range(5):
    asyncio.run(once())
    try:
        os.waitpid(-1, os.WNOHANG)
        sys.exit("a child is left")
    except ChildProcessError:
        pass
    assert len(os.listdir("/proc/self/fd")) == files, "a descriptor is left"
"""


def test_cancelled_at_any_moment_it_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CANCELLED],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


async def hammer(address: str, keep: bool, until_refused: asyncio.Event, lost: list[str]) -> int:
    """Send one request after the other until connections are refused; returns how many were served."""
    host, _, port = address.rpartition(":")
    ask = (
        b"GET /slow?seconds=0.01 HTTP/1.1\r\nhost: x\r\n"
        + (b"" if keep else b"connection: close\r\n")
        + b"\r\n"
    )
    served, writer = 0, None
    while not until_refused.is_set():
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(ask)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r")[0]))
            served += 1
        except ConnectionRefusedError:
            until_refused.set()
            break
        except (OSError, EOFError) as error:
            lost.append(repr(error))
            head = b"connection: close"
        if b"connection: close" in head:
            writer.close()
            writer = None
    if writer is not None:
        writer.close()
    return served


def test_a_drain_under_load_loses_nothing(start: Start) -> None:
    budget = '[drain]\nannounce = "500ms"\ngrace = "10s"\n'
    service = start(APP, "--workers", "2", budget=budget).serving()
    lost: list[str] = []

    async def load() -> list[int]:
        refused = asyncio.Event()
        clients = [asyncio.create_task(hammer(service.address, n % 2 == 0, refused, lost)) for n in range(10)]
        await asyncio.sleep(0.5)
        service.signal(signal.SIGTERM)
        return await asyncio.gather(*clients)

    served = asyncio.run(load())
    assert service.wait() == 0
    assert min(served) > 0
    assert lost == []
