"""A service that runs: what it answers, and what the admin port says of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.serve.running import APP, Service, get, until

Start = Callable[..., Service]


def test_two_workers_serve_and_are_told_of(start: Start) -> None:
    service = start(APP, "--workers", "2").serving()
    workers = until(lambda: len(found := service.workers()) == 2 and found, "two workers")
    assert get(service.address, "/").json()["pid"] in {worker["pid"] for worker in workers}

    state = service.state()
    assert (state["schema"], state["version"]) == ("holdfast.state", 1)
    assert (state["ready"], state["phase"]) == (True, "serving")
    assert (state["restarts"], state["killed"]) == (0, 0)
    assert os.getpgid(workers[0]["pid"]) == state["server_pid"]
    assert all(0 <= worker["heartbeat_age"] < 5 for worker in workers)
    assert "there is no budget: everything observes" in service.stderr

    for path in ("/livez", "/readyz", "/startupz"):
        assert get(service.admin, path).status == 200
    metrics = get(service.admin, "/metrics").body.decode()
    assert 'holdfast_workers{state="serving"} 2.0' in metrics

    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(get, service.address, "/slow?seconds=1") for _ in range(3)]
        until(lambda: sum(w["in_flight"] for w in service.workers()) == 3, "three requests in flight")
        assert {answer.result().status for answer in waiting} == {200}


def test_a_blocked_worker_is_killed_and_replaced_and_its_line_named(start: Start, tmp_path: Path) -> None:
    budget = """
        [loop]
        stall = "100ms"
        kill = "1s"
    """
    log = tmp_path / "stalls.jsonl"
    service = start(APP, "--workers", "1", "--stall-log", str(log), budget=budget).serving()
    (blocked,) = service.workers()
    with ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(get, service.address, "/block?seconds=60")
        # The only worker stands still; the probes are answered all the same, until it is replaced.
        until(lambda: service.state()["recent_stalls"], "the stall to be seen while it lasts")
        assert get(service.admin, "/livez").status in (200, 503)
        assert get(service.admin, "/readyz").status in (200, 503)
        replaced = until(
            lambda: [w for w in service.workers() if w["pid"] != blocked["pid"]], "another worker"
        )
        assert hanging.exception() is not None

    line = 1 + (tmp_path / "app.py").read_text().splitlines().index("    time.sleep(seconds)")
    assert f"worker {blocked['pid']} stood still for " in service.stderr
    assert f"app.py:{line} in block" in service.stderr
    assert "out of memory" not in service.stderr
    state = service.state()
    assert (state["killed"], state["restarts"]) == (1, 1)
    assert [(stall["line"], stall["function"]) for stall in state["stalls"]] == [(line, "block")]
    assert get(service.address, "/").json()["pid"] == replaced[0]["pid"]
    assert get(service.admin, "/readyz").status == 200
    logged = [json.loads(text) for text in log.read_text().splitlines()]
    assert {(entry["line"], entry["worker"]) for entry in logged} == {(line, blocked["pid"])}


def test_what_the_service_writes_is_shown_once_it_serves(start: Start, tmp_path: Path) -> None:
    source = "print('while booting', flush=True)\n" + APP.replace(
        '    return {"pid": os.getpid()}\n',
        '    print("served", flush=True); return {"pid": os.getpid()}\n',
        1,
    )
    service = start(source, "--workers", "1").serving()
    assert "while booting" in service.stderr
    get(service.address, "/")
    until(lambda: "served" in (tmp_path / "stdout.txt").read_text(), "the line on the service's own stdout")


def test_a_gunicorn_configuration_beside_the_app_changes_nothing(start: Start, tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("raise SystemExit('read')\n")
    service = start(APP, "--workers", "1", environ={"GUNICORN_CMD_ARGS": "--workers 3"}).serving()
    assert "gunicorn.conf.py is not read" in service.stderr
    assert "GUNICORN_CMD_ARGS is not read" in service.stderr
    assert len(service.workers()) == 1


def test_a_replacement_that_cannot_boot_leaves_the_others_alone(start: Start, tmp_path: Path) -> None:
    source = (
        f"import pathlib\nif pathlib.Path({str(tmp_path / 'broken')!r}).exists(): raise OSError('gone')\n"
    )
    service = start(source + APP, "--workers", "2").serving()
    first, second = until(lambda: len(found := service.workers()) == 2 and found, "two workers")
    (tmp_path / "broken").touch()
    os.kill(first["pid"], 9)
    until(
        lambda: "cannot boot, another one is tried: OSError: gone (app.py:2)" in service.stderr, "its report"
    )
    assert [worker["pid"] for worker in service.workers()] == [second["pid"]]
    assert get(service.address, "/").status == 200
    (tmp_path / "broken").unlink()
    until(lambda: len(service.workers()) == 2, "the next one to boot")
