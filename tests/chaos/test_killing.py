"""Workers that die or stop under load: the others go on, there is a new one, no counter runs back."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.chaos.clients import crowd, steady
from tests.chaos.conftest import Launch
from tests.chaos.held import Held
from tests.serve.running import get, until

CLIENTS = [steady("/slow?ms=20", keep=number % 2 == 0) for number in range(12)]


@contextmanager
def never_back(held: Held) -> Iterator[None]:
    """Scrape all the while; afterwards no counter has ever been less than it was."""
    stop = threading.Event()
    ran_back: list[str] = []
    scrapes = 0

    def watch() -> None:
        nonlocal scrapes
        last: dict[str, float] = {}
        while not stop.is_set():
            now = held.counters()
            for name, before in last.items():
                if now.get(name, -1.0) < before:
                    ran_back.append(f"{name}: {now.get(name)} after {before}")
            last = now
            scrapes += 1
            stop.wait(0.05)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert not ran_back
    assert scrapes > 5


def replaced(held: Held, gone: set[int], workers: int) -> None:
    until(lambda: len(pids := held.pids()) == workers and not pids & gone, f"{workers} others than {gone}")


def test_a_worker_that_is_killed_takes_only_its_own_requests_along(launch: Launch) -> None:
    held = launch(2)
    with crowd(held.address, *CLIENTS) as found, never_back(held):
        until(lambda: found.count() > 50, "the load")
        for _ in range(2):
            victim = min(held.pids())
            os.kill(victim, signal.SIGKILL)
            replaced(held, {victim}, 2)
            served = found.count()
            until(lambda before=served: found.count() > before + 50, "the load to go on")  # type: ignore[misc]
    # A client has one request in flight; each kill takes at most those along that were at the victim.
    assert len(found.lost()) <= 2 * len(CLIENTS), found.hows()
    assert found.hows().keys() <= {200, "IncompleteReadError", "ConnectionResetError", "BrokenPipeError"}
    state = held.service.state()
    assert (state["restarts"], state["killed"], state["ready"]) == (2, 0, True)
    requests = sum(value for name, value in held.counters().items() if "_count" in name and "slow" in name)
    assert requests >= 0.9 * found.count()


def test_a_worker_that_is_stopped_is_killed_after_its_limit_and_replaced(launch: Launch) -> None:
    held = launch(2)
    victim = min(held.pids())
    with crowd(held.address, *CLIENTS) as found, never_back(held):
        until(lambda: found.count() > 50, "the load")
        stopped = time.monotonic()
        os.kill(victim, signal.SIGSTOP)
        try:
            until(lambda: found.count() > 100, "the other worker to go on")
            assert get(held.admin, "/livez").status == 200
            assert get(held.admin, "/readyz").status == 200
            replaced(held, {victim}, 2)
        finally:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGCONT)
        took = time.monotonic() - stopped
        served = found.count()
        until(lambda: found.count() > served + 50, "the load to go on")
    assert took > 1.0  # loop.kill, and not before
    assert held.service.state()["killed"] == 1
    assert f"worker {victim} stood still for " in held.service.stderr
    assert len(found.lost()) <= len(CLIENTS), found.hows()
    assert any(one.done - one.sent < 1.0 and one.sent > stopped + 0.2 for one in found.ended)


def test_all_workers_stopped_at_once_are_replaced(launch: Launch) -> None:
    held = launch(2)
    victims = held.pids()
    for pid in victims:
        os.kill(pid, signal.SIGSTOP)
    # The admin port answers for them meanwhile.
    assert get(held.admin, "/livez").status in {200, 503}
    assert get(held.address, "/", timeout=30).status == 200  # it waits in the kernel until somebody accepts
    replaced(held, victims, 2)
    until(lambda: get(held.admin, "/livez").status == 200, "the probe to say that all is well")
    assert get(held.address, "/").status == 200


@pytest.mark.parametrize("keep", [False, True], ids=["new connections", "kept connections"])
def test_a_rolling_restart_by_sighup_at_the_peak_loses_nothing(launch: Launch, keep: bool) -> None:
    held = launch(2)
    before = held.pids()
    clients = [steady("/slow?ms=20", keep=keep, pause=0.02) for _ in range(24)]
    with crowd(held.address, *clients) as found, never_back(held):
        until(lambda: found.count() > 100, "the load")
        held.service.signal(signal.SIGHUP)
        replaced(held, before, 2)
        served = found.count()
        until(lambda: found.count() > served + 100, "the load to go on")
    assert not found.lost(), found.hows()
    assert found.hows().keys() <= {200, 503}
    assert held.service.process.poll() is None


@pytest.mark.parametrize("keep", [False, True], ids=["new connections", "kept connections"])
def test_workers_restarted_one_by_one_at_the_peak_lose_nothing(launch: Launch, keep: bool) -> None:
    held = launch(2)
    clients = [steady("/slow?ms=20", keep=keep, pause=0.02) for _ in range(24)]
    with crowd(held.address, *clients) as found, never_back(held):
        until(lambda: found.count() > 100, "the load")
        for victim in sorted(held.pids()):
            os.kill(victim, signal.SIGTERM)
            replaced(held, {victim}, 2)
            served = found.count()
            until(lambda before=served: found.count() > before + 100, "the load to go on")  # type: ignore[misc]
    assert not found.lost(), found.hows()
    assert found.hows().keys() <= {200, 503}
    assert held.service.state()["restarts"] == 2
