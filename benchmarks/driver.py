"""CPU per request of the driver against wrk, autocannon and Locust on one trivial server.

The server has one core, the generator the other; each generator saturates the server over 50 kept-alive
connections, in turn, several rounds. What counts is user and system seconds of the generator's process
divided by answered requests, its start-up left out: rates vary threefold with the neighbours of a virtual
machine, CPU per request by a third.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.process import cores, python, run, server
from benchmarks.report import check, exit_code, figures, machine, median, package, program, table

_CONNECTIONS = 50
# Far above what any server here takes: there is a backlog from the first millisecond to the end.
_OFFERED = 2_000_000.0
_AUTOCANNON_LIMIT = 1.2
_LOCUST_LIMIT = 0.25

Measure = Callable[[int], float]
"""From the server's port to microseconds of CPU a request."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.driver", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within a minute, less certain")
    parser.add_argument("--rounds", type=int, default=0, help="default 7, quick 3")
    parser.add_argument("--autocannon", metavar="PATH", help="where autocannon is, if not in PATH")
    options = parser.parse_args(arguments)
    rounds = options.rounds or (3 if options.quick else 7)
    seconds = 2 if options.quick else 5
    serving, loading = cores()
    wrk = program("wrk", hint="apt install wrk")
    autocannon = program(
        "autocannon", path=options.autocannon, hint="npm install autocannon, --autocannon PATH"
    )
    locust = package("locust")
    machine()
    with tempfile.TemporaryDirectory() as folder:
        peers: dict[str, Measure] = {"driver": lambda port: _driver(port, Path(folder), seconds, loading)}
        if wrk:
            peers["wrk"] = lambda port: _wrk(wrk, port, seconds, loading)
        if autocannon:
            peers["autocannon"] = lambda port: _autocannon(autocannon, port, seconds, loading)
        if locust:
            peers["locust"] = lambda port: _locust(port, seconds, loading)
        measured: dict[str, list[float]] = {name: [] for name in ("driver", "wrk", "autocannon", "locust")}
        with server(python("benchmarks.plain_server"), core=serving) as port:
            for number in range(rounds):
                for name, measure in peers.items():
                    measured[name].append(measure(port))
                last = ", ".join(f"{name} {measured[name][-1]:.2f}" for name in peers)
                print(f"round {number + 1} of {rounds}, us: {last}", flush=True)
    middle = {name: median(values) for name, values in measured.items()}
    rows = [
        (name, middle[name], min(values, default=None), max(values, default=None))
        for name, values in measured.items()
    ]
    table(["generator", "us a request", "least", "most"], rows)
    checks = []
    for name, factor in (("autocannon", _AUTOCANNON_LIMIT), ("locust", _LOCUST_LIMIT)):
        peer = middle[name]
        required = None if peer is None else factor * peer
        checks.append(check(f"driver at most {factor} x {name}", middle["driver"], "<=", required))
    figures(**{f"{name}_us": value for name, value in middle.items()})
    return exit_code(checks)


def _driver(port: int, folder: Path, seconds: int, core: int) -> float:
    from holdfast.gate.drive import Plan
    from holdfast.gate.shape import Phase, RequestSpec, catalogue, schedule

    requests = catalogue([RequestSpec("GET /products/1")], authority=f"127.0.0.1:{port}", seed=1)
    count = 110_000 * seconds  # about what one core serves
    due = schedule([Phase("saturate", _OFFERED, count / _OFFERED, "constant")], requests, seed=1)
    Plan("127.0.0.1", port, 600.0, _CONNECTIONS, requests.payloads, due.at, due.request).write(folder)
    ended = run(python("holdfast.gate.drive", folder, "--now"), core=core)
    line = json.loads(ended.output.splitlines()[-1])
    _all_answered("driver", line["ok"], count)
    return 1e6 * float(line["cpu_s"]) / int(line["ok"])  # the driver leaves its own start-up out


def _wrk(path: str, port: int, seconds: int, core: int) -> float:
    url = f"http://127.0.0.1:{port}/products/1"
    ended = run([path, "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", url], core=core)
    if "Non-2xx" in ended.output or "Socket errors" in ended.output:
        raise RuntimeError(f"wrk met errors:\n{ended.output}")
    found = re.search(r"(\d+) requests in", ended.output)
    assert found, ended.output
    return 1e6 * ended.cpu_s / int(found[1])  # its start-up is a millisecond


def _autocannon(path: str, port: int, seconds: int, core: int) -> float:
    """Measure the difference between a short run and a long one: both hold node's start-up and compiling."""
    url = f"http://127.0.0.1:{port}/products/1"
    shared = [path, "--json", "--no-progress", "-c", str(_CONNECTIONS)]
    short = run([*shared, "-d", "1", url], core=core)
    long = run([*shared, "-d", str(1 + seconds), url], core=core)
    counts: list[int] = []
    for ended in (short, long):
        line = json.loads(ended.output.splitlines()[-1])
        _all_answered("autocannon", line["2xx"], line["2xx"] + line["non2xx"] + line["errors"])
        counts.append(line["2xx"])
    return 1e6 * (long.cpu_s - short.cpu_s) / (counts[1] - counts[0])


def _locust(port: int, seconds: int, core: int) -> float:
    ended = run(python("benchmarks.locust_load", port, _CONNECTIONS, seconds), core=core)
    line = json.loads(ended.output.splitlines()[-1])
    _all_answered("locust", line["answered"] - line["failures"], line["answered"])
    return 1e6 * float(line["cpu_s"]) / int(line["answered"])


def _all_answered(name: str, good: int, of: int) -> None:
    if good != of:
        raise RuntimeError(f"{name}: {of - good} of {of} requests failed; a failed one costs something else")


if __name__ == "__main__":
    sys.exit(main())
