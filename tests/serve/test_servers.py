"""Uvicorn and Granian alone, under our own master: the same to be seen as with Gunicorn."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.serve.load import load
from tests.serve.running import APP, SERVERS, Service, get, until
from tests.serve.test_booting import LIFESPAN

Start = Callable[..., Service]

ALONE = ("uvicorn", "granian")
BUDGET = """
    [loop]
    kill = "1s"

    [drain]
    announce = "300ms"
    grace = "10s"
"""


def two(service: Service) -> dict[int, dict[str, Any]]:
    found = until(lambda: len(now := service.workers()) == 2 and now, "two workers")
    return {worker["pid"]: worker for worker in found}


@pytest.mark.parametrize("server", ALONE)
def test_from_the_first_request_to_the_last(start: Start, tmp_path: Path, server: str) -> None:
    service = start(APP, "--workers", "2", server=server, budget=BUDGET).serving()
    first = two(service)
    assert get(service.address, "/").json()["pid"] in first
    state = service.state()
    assert (state["server"], state["ready"], state["restarts"]) == (server, True, 0)
    assert all(os.getpgid(pid) == state["server_pid"] for pid in first)
    for path in ("/livez", "/readyz", "/startupz"):
        assert get(service.admin, path).status == 200
    assert 'holdfast_workers{state="serving"} 2.0' in get(service.admin, "/metrics").body.decode()

    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(get, service.address, "/slow?seconds=1") for _ in range(3)]
        until(lambda: sum(w["in_flight"] for w in service.workers()) == 3, "three requests in flight")
        assert {answer.result().status for answer in waiting} == {200}

    # One stands still, and is killed from outside; its line is named and another one serves.
    with ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(get, service.address, "/block?seconds=60")
        until(lambda: "and was killed" in service.stderr, "the kill")
        assert get(service.address, "/").status == 200, "the other one serves meanwhile"
        assert hanging.exception() is not None
    line = 1 + (tmp_path / "app.py").read_text().splitlines().index("    time.sleep(seconds)")
    assert f"app.py:{line} in block" in service.stderr
    second = two(service)
    assert len(first.keys() - second.keys()) == 1
    assert service.state()["killed"] == 1

    # One dies, and is replaced.
    victim = min(second)
    os.kill(victim, signal.SIGKILL)
    until(lambda: victim not in {w["pid"] for w in service.workers()}, "its end to be seen")
    two(service)

    async def until_refused() -> Any:
        async with load(service.address) as count:
            await asyncio.sleep(0.3)
            service.signal(signal.SIGTERM)
            await asyncio.to_thread(until, lambda: count.refused == 8, "everybody to be refused")
        return count

    count = asyncio.run(until_refused())
    assert service.wait() == 0
    assert count.lost == []
    assert count.answered > 0
    assert not service.left()


CAUSES = {
    "missing": (None, "nosuch:app", "ModuleNotFoundError: No module named 'nosuch'"),
    "nothing": (APP, "nothing:nope", "Failed to find attribute 'nope' in 'nothing'."),
    "failing": (
        LIFESPAN.format("raise RuntimeError('no database')"),
        "failing:app",
        "lifespan failed: RuntimeError: no database (failing.py:8)",
    ),
}


@pytest.mark.parametrize("server", ALONE)
def test_one_that_cannot_boot_says_why_in_one_line(start: Start, tmp_path: Path, server: str) -> None:
    services = {}
    for name, (source, app, cause) in CAUSES.items():
        if source is not None:
            (tmp_path / f"{name}.py").write_text(source)
        (tmp_path / name).mkdir()
        services[app, cause] = start(None, "--workers", "1", app=app, server=server, output=tmp_path / name)
    for (app, cause), service in services.items():
        assert service.wait() == 4
        (line,) = service.stderr.splitlines()
        assert line.startswith(f"holdfast: error: {app} did not boot: {cause}")
        assert not service.left()


def test_a_supervisor_that_is_killed_leaves_no_process(start: Start, tmp_path: Path) -> None:
    services = []
    for server in ALONE:
        (tmp_path / server).mkdir()
        services.append(start(APP, "--workers", "2", server=server, output=tmp_path / server))
    for service in services:
        service.serving().signal(signal.SIGKILL)
        assert service.wait() == -9
    for service in services:
        until(lambda: not service.left(), "every process to go")  # noqa: B023 - called before the next


def test_a_roll_waits_for_a_replacement_that_can_boot(start: Start, tmp_path: Path) -> None:
    source = (
        f"import pathlib\nif pathlib.Path({str(tmp_path / 'broken')!r}).exists(): raise OSError('gone')\n"
    )
    budget = BUDGET + '[service]\nkeepalive = "100ms"\n'
    service = start(source + APP, "--workers", "1", server="uvicorn", budget=budget).serving()
    (old,) = service.workers()
    (tmp_path / "broken").touch()
    service.signal(signal.SIGHUP)
    until(lambda: service.stderr.count("cannot boot, another one is tried: OSError: gone") > 1, "two tries")
    assert [worker["pid"] for worker in service.workers()] == [old["pid"]]
    assert service.state()["rolling"] == "growing"
    assert get(service.address, "/").json()["pid"] == old["pid"]
    (tmp_path / "broken").unlink()
    until(lambda: "1 worker was replaced" in service.stderr, "the roll to go on")
    assert old["pid"] not in [worker["pid"] for worker in service.workers()]


PROXIED = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = f"{scope['client'][0]} {scope['scheme']}".encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
"""

TRUSTING = """
    [trust]
    proxies = ["127.0.0.0/8"]
"""


@pytest.mark.parametrize("budget", [TRUSTING, BUDGET], ids=["trusted", "not"])
def test_a_proxy_is_believed_where_the_budget_trusts_it(start: Start, tmp_path: Path, budget: str) -> None:
    services, environ = [], {"FORWARDED_ALLOW_IPS": "*"}
    for server in SERVERS:
        (tmp_path / server).mkdir()
        output = tmp_path / server
        services.append(
            start(PROXIED, "--workers", "1", server=server, budget=budget, environ=environ, output=output)
        )
    headers = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}
    for service in services:
        said = get(service.serving().address, "/", headers=headers).body.decode()
        assert said == ("203.0.113.9 https" if budget is TRUSTING else "127.0.0.1 http")
        assert "FORWARDED_ALLOW_IPS is not read" in service.stderr
