"""What the policies around a call cost where nothing goes wrong: holdfast, and its peers by what they hold.

The call is a coroutine that suspends once; what it costs bare is taken off. holdfast is measured whole, as
`hold.dependency` declares it (deadline, throttle, retry with its budgets, breaker, bulkhead, timer), without
and with the metrics that a service takes; next to it pyresilience and hyx (breaker, retry, timeout), tenacity
and stamina (retry) and aiobreaker (breaker).
Then HTTP: a client of `hold.http` against an httpx2.AsyncClient with the same limits and timeouts, one
request at a time to a plain server in another process, as CPU of this one. Contenders take turns, and the
least of the rounds counts: what a busy machine adds is nobody's cost.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.process import ROOT, python
from benchmarks.report import Figure, check, exit_code, figures, machine, package, table

COUNTED = "holdfast, with its metrics"
ATTEMPTS, TIMEOUT, FAILURES, RECOVERY = 3, 10.0, 5, 30.0

Call = Callable[[], Awaitable[object]]


async def suspends() -> None:
    """Suspend once, as the least that a call to anywhere does."""
    await asyncio.sleep(0)


def bare() -> Call:
    """No policy at all."""
    return suspends


def holdfast(*, counted: bool = False) -> Call:
    """Everything, with the numbers of a budget; `counted`: as in a service, each call on the state board."""
    from holdfast.budget.model import Dependency
    from holdfast.client.coroutine import CoroutineDependency
    from holdfast.client.state import DependencyState
    from holdfast.events import Bus
    from holdfast.policy.retry import RetryBudget
    from holdfast.telemetry import process

    section = Dependency.model_validate(
        {
            "kind": "other",
            "timeout": {"total": f"{TIMEOUT}s"},
            "breaker": {"window": "10s", "failures": "50%", "open": f"{RECOVERY}s"},
            "retry": {"attempts": ATTEMPTS, "budget": "20%"},
            "bulkhead": 20,
            "fallback": "503",
        }
    )
    if counted:
        process.slot()  # claimed, it has a recorder on the process's bus
    bus = process.bus() if counted else Bus()
    state = DependencyState.from_budget("peer", section, bus=bus, retries=RetryBudget(0.1))
    return CoroutineDependency(state, idempotent=True)(suspends)


def pyresilience() -> Call:
    """Breaker, retry and timeout."""
    from pyresilience import CircuitBreakerConfig, RetryConfig, TimeoutConfig, resilient

    wrapped: Call = resilient(
        retry=RetryConfig(max_attempts=ATTEMPTS),
        timeout=TimeoutConfig(seconds=TIMEOUT),
        circuit_breaker=CircuitBreakerConfig(failure_threshold=FAILURES, recovery_timeout=RECOVERY),
    )(suspends)
    return wrapped


def tenacity() -> Call:
    """Retry."""
    from tenacity import retry, stop_after_attempt, wait_random_exponential

    wrapped: Call = retry(stop=stop_after_attempt(ATTEMPTS), wait=wait_random_exponential())(suspends)
    return wrapped


def stamina() -> Call:
    """Retry."""
    import stamina as library

    wrapped: Call = library.retry(on=OSError, attempts=ATTEMPTS, timeout=TIMEOUT)(suspends)
    return wrapped


def aiobreaker() -> Call:
    """Breaker."""
    from aiobreaker import CircuitBreaker

    breaker = CircuitBreaker(fail_max=FAILURES, timeout_duration=timedelta(seconds=RECOVERY))

    async def call() -> object:
        return await breaker.call_async(suspends)

    return call


def hyx() -> Call:
    """Breaker, retry and timeout."""
    from hyx.circuitbreaker import consecutive_breaker
    from hyx.retry import retry
    from hyx.timeout import timeout

    breaker = consecutive_breaker(failure_threshold=FAILURES, recovery_time_secs=RECOVERY)
    wrapped: Call = retry(attempts=ATTEMPTS)(breaker(timeout(TIMEOUT)(suspends)))
    return wrapped


PEERS: dict[str, tuple[str, Callable[[], Call]]] = {
    "pyresilience": ("breaker, retry, timeout", pyresilience),
    "hyx": ("breaker, retry, timeout", hyx),
    "tenacity": ("retry", tenacity),
    "stamina": ("retry", stamina),
    "aiobreaker": ("breaker", aiobreaker),
}


async def a_call(call: Call, count: int) -> float:
    """Return the microseconds of CPU of one call, in a request that has a deadline."""
    from holdfast.policy.deadline import within

    async with within(3600.0):
        began = time.process_time()
        for _ in range(count):
            await call()
        return (time.process_time() - began) / count * 1e6


def coroutines(makers: dict[str, Callable[[], Call]], turns: int, count: int) -> dict[str, float]:
    """Return the least of the rounds of each contender."""

    async def least() -> dict[str, float]:
        calls = {name: make() for name, make in makers.items()}
        found = dict.fromkeys(calls, float("inf"))
        for _ in range(turns):
            for name, call in calls.items():
                found[name] = min(found[name], await a_call(call, count))
        return found

    return asyncio.run(least())


@contextmanager
def plain_server() -> Iterator[str]:
    """Run a server that answers at once; yield its address."""
    with subprocess.Popen(
        python("benchmarks.plain_server"), cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


@asynccontextmanager
async def held(url: str) -> AsyncIterator[Call]:
    """A client as `hold.http` makes it."""
    from holdfast.budget.model import Dependency
    from holdfast.client.http import client
    from holdfast.client.state import DependencyState
    from holdfast.events import Bus

    section = Dependency.model_validate(
        {
            "kind": "http",
            "url_env": "PEER_URL",
            "timeout": {"connect": "1s", "total": f"{TIMEOUT}s"},
            "breaker": {"window": "10s", "failures": "50%", "open": f"{RECOVERY}s"},
            "retry": {"attempts": ATTEMPTS, "budget": "20%"},
            "bulkhead": 20,
            "fallback": "503",
        }
    )
    state = DependencyState.from_budget("peer", section, bus=Bus())
    async with client("peer", section, state=state, environ={"PEER_URL": url}) as made:
        yield lambda: made.get("/")


@asynccontextmanager
async def raw(url: str) -> AsyncIterator[Call]:
    """httpx2, with the same limits and timeouts."""
    import httpx2

    limits = httpx2.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=4.0)
    timeout = httpx2.Timeout(TIMEOUT, connect=1.0)
    async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=timeout) as made:
        yield lambda: made.get("/")


def requests(turns: int, count: int) -> tuple[float, float]:
    """Return the microseconds of CPU of one request, held and raw, each the least of the rounds."""

    async def least(url: str) -> tuple[float, float]:
        found = [float("inf"), float("inf")]
        async with held(url) as ours, raw(url) as theirs:
            for _ in range(turns):
                for index, call in enumerate((ours, theirs)):
                    found[index] = min(found[index], await a_call(call, count))
        return found[0], found[1]

    with plain_server() as url:
        return asyncio.run(least(url))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within a minute, less certain")
    quick = parser.parse_args(arguments).quick
    turns, count = (5, 5000) if quick else (25, 20000)
    makers: dict[str, Callable[[], Call]] = {
        "bare": bare,
        "holdfast": holdfast,
        COUNTED: partial(holdfast, counted=True),
    }
    makers |= {name: make for name, (_, make) in PEERS.items() if package(name)}
    least = coroutines(makers, turns, count)
    over = {name: micros - least["bare"] for name, micros in least.items()}
    ours, theirs = requests(turns, count // 20)
    machine()
    rows: list[tuple[str, str, Figure]] = [
        ("holdfast", "deadline, throttle, retry, breaker, bulkhead, timeout", over["holdfast"])
    ]
    rows += [(COUNTED, "the same", over[COUNTED])]
    rows += [(name, what, over.get(name)) for name, (what, _) in PEERS.items()]
    table(("a call, over the bare one", "with", "us"), rows)
    table(("a request", "us of CPU"), [("hold.http", ours), ("httpx2", theirs)])
    checks = [
        check("the whole pipeline at most 6 us over the bare call", over["holdfast"], "<=", 6.0),
        check("at most pyresilience", over["holdfast"], "<=", over.get("pyresilience")),
        check("HTTP at most 10% over httpx2", ours / theirs, "<=", 1.10),
    ]
    figures(
        pipeline_us=over["holdfast"],
        counted_us=over[COUNTED],
        http_ratio=ours / theirs,
        http_us=ours,
        httpx2_us=theirs,
        **{f"{name}_us": over.get(name) for name in PEERS},
    )
    return exit_code(checks)


if __name__ == "__main__":
    sys.exit(main())
