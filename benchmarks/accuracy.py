"""Whether the driver tells the truth about a server that stalls.

A server serves in the order of arrival, 1 ms each, and stalls for 500 ms about every 5 s, at random moments,
under Poisson arrivals of 200/s. What each request must have taken follows from the arrivals and the stalls
that the server recorded, by Lindley's recursion ("The theory of queues with a single server", 1952): a
request starts when it arrives or when the one before it is done, whichever is later, and never in a stall.
p95, p99 and p99.9 of the driver are held against that, relative. p90 lies on the steep edge between the
requests that met a stall and those that did not: there the error is that of the distribution function.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.process import cores, may_be_urgent, python, run, server
from benchmarks.report import check, exit_code, figures, machine, table
from benchmarks.stalling_server import SERVICE_NS

if TYPE_CHECKING:
    from holdfast.gate.drive import Records

_RATE = 200.0
_LIMIT = 0.02
_CONNECTIONS = 1000

Floats: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.float64]]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, replay, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="25 s, and no p99.9, which 5,000 requests do not support"
    )
    parser.add_argument("--seed", type=int, default=1, help="of arrivals and stalls")
    options = parser.parse_args(arguments)
    seconds = 25 if options.quick else 75
    machine()
    if may_be_urgent():
        print("server and driver run at real-time priority, so that other processes take them no time")
    else:
        print("real-time priority is not permitted: time that other processes take counts as error")
    records, stalls = measure(seconds, options.seed)
    measured = records.latency()
    true = replay(records.at + records.start_ns, stalls) / 1e9
    wanted = (95.0, 99.0) if options.quick else (95.0, 99.0, 99.9)
    rows: list[tuple[object, ...]] = []
    errors: dict[str, float] = {}
    edge = float(np.percentile(true, 90))
    errors["p90"] = abs(float(np.mean(measured <= edge)) - float(np.mean(true <= edge)))
    rows.append(("p90 (share below)", edge * 1e3, float(np.percentile(measured, 90)) * 1e3, errors["p90"]))
    for percent in wanted:
        name = f"p{percent:g}"
        said, truth = (float(np.percentile(values, percent)) for values in (measured, true))
        errors[name] = abs(said - truth) / truth
        rows.append((name, truth * 1e3, said * 1e3, errors[name]))
    long = sum(1 for _, duration in stalls if duration > 400_000_000)
    print(f"{len(measured)} requests, {long} stalls of 500 ms, {len(stalls) - long} that the machine added")
    table(["latency", "replay, ms", "driver, ms", "error"], rows)
    worst = max(errors.values())
    held = check("worst error", worst, "<=", _LIMIT)
    figures(worst_error=worst)
    return exit_code([held])


def measure(seconds: float, seed: int) -> tuple[Records, list[tuple[int, int]]]:
    """Drive the stalling server; return the records and its stalls, (start, duration) in ns, ascending."""
    from holdfast.gate.drive import Plan, Records
    from holdfast.gate.shape import Phase, RequestSpec, catalogue, schedule

    serving, loading = cores()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        record = folder / "stalls.json"
        with server(python("benchmarks.stalling_server", record, seed), core=serving, urgent=True) as port:
            requests = catalogue([RequestSpec("GET /")], authority=f"127.0.0.1:{port}", seed=seed)
            due = schedule([Phase("steady", _RATE, seconds)], requests, seed=seed)
            payloads = requests.payloads
            # Connections are kept: opening a hundred after each stall is work that no replay knows of.
            plan = Plan("127.0.0.1", port, 60.0, _CONNECTIONS, payloads, due.at, due.request, idle_s=600.0)
            plan.write(folder)
            run(python("holdfast.gate.drive", folder, "--now"), core=loading, urgent=True)
        records = Records.read(folder)
        if not records.answered().all():
            raise RuntimeError(f"{np.count_nonzero(~records.answered())} requests were not answered")
        return records, [(start, duration) for start, duration in json.loads(record.read_text())]


def replay(arrivals: np.ndarray[tuple[int], np.dtype[np.int64]], stalls: Sequence[tuple[int, int]]) -> Floats:
    """Return float64[N], the nanoseconds that each request takes from its arrival, by the recursion above.

    `arrivals`: int64[N] ns, ascending; `stalls`: (start, duration) in ns, ascending. A stall begins between
    two requests: one that lies within a service (the machine's, not the server's) delays what follows.
    """
    took = np.empty(len(arrivals), dtype=np.float64)
    free = 0
    position = 0
    for number, arrival in enumerate(arrivals.tolist()):
        start = max(arrival, free)
        while position < len(stalls) and stalls[position][0] <= start:
            start = max(start, stalls[position][0] + stalls[position][1])
            position += 1
        free = start + SERVICE_NS
        took[number] = free - arrival
    return took


if __name__ == "__main__":
    sys.exit(main())
