"""What is left of a service while payments, its database and its Redis fail, and how soon it is back.

examples/shop at its budget's peak on a real PostgreSQL and a real Redis, behind the gate's fault proxies. In
turn each becomes slow (+2 s), refuses, resets, swallows all, fails 30% of its calls, and flaps each second.
Counted is what the budget promises: good by [sli], and within the objective of its route. The peer is the
same service with httpx2 and tenacity, a plain engine and a plain Redis client, as tutorials write it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import chdir
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import httpx2
import uvloop

from benchmarks.failure.measure import REMEMBERED, Left, left, stuck
from benchmarks.failure.plan import FULL, QUICK, Extent, phases
from benchmarks.failure.servers import Servers, started
from benchmarks.process import ROOT, cores, pinned
from benchmarks.report import Figure, check, exit_code, figures, machine, table
from benchmarks.stretch import Stretch, drive
from holdfast.budget import Loaded, load
from holdfast.errors import HoldfastError

_BUDGET = ROOT / "examples" / "shop" / "holdfast.toml"
_HELD, _PEER = "examples.shop.held:app", "benchmarks.failure.peer:app"

_PRODUCTS = range(1, 501)
_AT_ONCE, _BOOT = 4, 60.0

_GOODPUT, _IN_TIME, _RECOVERY = 0.99, 0.99, 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.failure", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within a minute: some failures, and short ones")
    extent = QUICK if parser.parse_args(arguments).quick else FULL
    loaded = load(_BUDGET, environment="servers")
    machine()
    loading = cores()[1]
    with (
        chdir(ROOT),
        pinned(loading, urgent=True),
        started() as servers,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        try:
            held = runner.run(_driven(loaded, servers, extent, _HELD, extent.held))
            peer = runner.run(_driven(loaded, servers, extent, _PEER, extent.peer))
        except HoldfastError as error:
            print(error, file=sys.stderr)
            return error.exit_code
    return compare(loaded, extent, held, peer)


async def _driven(
    loaded: Loaded, servers: Servers, extent: Extent, app: str, done: Mapping[str, Sequence[str]]
) -> Stretch:
    """Drive one of the services through all that is done to it."""
    print(f"driving {app}", flush=True)
    peak = loaded.budget.traffic.peak or 0.0
    return await drive(
        loaded,
        app,
        list(phases(extent, done, peak)),
        cores=cores(),
        patience=extent.patience,
        seed=1,
        environ=servers.fresh(),
        ready=_looked_at,
    )


async def _looked_at(port: int) -> None:
    """Ask for every product once: a service that has been up for a while has seen them all."""
    waiting = deque(_PRODUCTS)
    async with (
        asyncio.timeout(_BOOT),
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):

        async def some() -> None:
            while waiting:
                number = waiting.popleft()
                if (await client.get(f"/products/{number}")).is_server_error:
                    waiting.append(number)  # the machine is busy: later

        await asyncio.gather(*(some() for _ in range(_AT_ONCE)))


def compare(loaded: Loaded, extent: Extent, held: Stretch, peer: Stretch) -> int:
    """Print what came of both, return the exit code."""
    traffic = loaded.budget.traffic.request
    ours, theirs = list(left(held, traffic, extent.held)), list(left(peer, traffic, extent.peer))
    for name, found in (("held", ours), ("as tutorials write it", theirs)):
        _show(name, found)
    _show_floor(loaded, ours)
    kept = stuck(held.metrics)
    for line in kept:
        print(f"still held when nothing was done any more: {line}")
    goodput, peers_goodput = (min(one.goodput for one in found) for found in (ours, theirs))
    amplification, peers_amplification = (_most(found) for found in (ours, theirs))
    recovery, peers_recovery = (_longest(found, extent) for found in (ours, theirs))
    in_time = min(one.in_time for one in ours)
    ratios = [one.retry.budget for one in loaded.budget.dependency.values() if one.retry.budget is not None]
    checks = [
        check("goodput of what does not need it >= 99%", goodput, ">=", _GOODPUT),
        check("answered within the objective, whatever the answer >= 99%", in_time, ">=", _IN_TIME),
        check("calls for each that was wanted <= 1 + ratio", amplification, "<=", 1 + max(ratios)),
        check("seconds until all is as before <= 5", recovery, "<=", _RECOVERY),
        check("nothing is held afterwards", float(len(kept)) if held.metrics else None, "<=", 0.0),
    ]
    figures(
        goodput_min=goodput,
        amplification_max=amplification,
        recovery_s=recovery,
        in_time_min=in_time,
        peer_goodput_min=peers_goodput,
        peer_amplification_max=peers_amplification,
        peer_recovery_s=peers_recovery,
        peer_in_time_min=min(one.in_time for one in theirs),
        watched_s=extent.recovering,
    )
    return exit_code(checks)


def _show(name: str, found: Sequence[Left]) -> None:
    rows = [
        (
            f"{one.dependency} {one.fault}",
            f"{one.goodput:.1%}",
            f"{one.in_time:.1%}",
            one.amplification,
            one.calls,
            one.recovery,
        )
        for one in found
    ]
    table((name, "good without it", "in time", "calls a wanted", "calls/s", "back after s"), rows)


def _show_floor(loaded: Loaded, found: Sequence[Left]) -> None:
    """Say how many calls the retry budgets allow, floor included, and how many there were."""
    budget = loaded.budget
    for name, section in budget.dependency.items():
        ratio, peak = section.retry.budget, budget.traffic.peak
        times = _most([one for one in found if one.dependency == name])
        if not ratio or peak is None or times is None:
            continue
        weights = sum(each.weight for each in budget.traffic.request)
        wanted = peak * sum(each.weight for each in budget.traffic.request if name in each.needs) / weights
        floor = section.retry.floor or 0.0
        word = "by default" if section.retry.floor is None else "as decided"
        print(
            f"{name}: {wanted:.3g} calls/s wanted; with a ratio of {ratio:.0%} and a floor of {floor:g}/s "
            f"({word}) at most {wanted * (1 + ratio) + floor:.3g}/s over {REMEMBERED:g} s, "
            f"seen {wanted * times:.3g}/s"
        )


def _most(found: Sequence[Left]) -> Figure:
    return max((one.amplification for one in found if one.amplification is not None), default=None)


def _longest(found: Sequence[Left], extent: Extent) -> float:
    """Return the longest recovery; who did not come back counts with the time that was watched."""
    return max(extent.recovering if one.recovery is None else one.recovery for one in found)


if __name__ == "__main__":
    sys.exit(main())
