"""What a log line costs: where it is logged, and in all; and what taking secrets out of a text costs.

Contenders log the same line to /dev/null and take turns: a plain StreamHandler, structlog's JSONRenderer, and
JSON through the bounded queue. "Caller" is the CPU time of the thread that logs, which on a service is the
event loop; "in all" is that of the process. Secrets are taken out on the writer's thread.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import structlog

from benchmarks.report import check, exit_code, figures, machine, table

_LINES = 500
_CALLER_US = 15.0
"""At most, on the thread that logs: a loop is held no longer for a line."""
_LINEAR = 2.6
"""At most, for twice the text."""

MESSAGE = "GET /products/41 took 0.331 s: status 200, request 0f1e2d3c4b5a6978-0-3a (payments 0.120 s)"
SECRET = "login of ada: password=hunter2, Authorization: Bearer abc123def456, redis://:hunter2@cache:6379/0"

Log = Callable[[], None]


def plain() -> tuple[Log, Callable[[], None]]:
    """Log through a StreamHandler of the standard library."""
    stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - closed by the second function
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.Logger("benchmark.plain")
    logger.addHandler(handler)
    return lambda: logger.info("%s %s", "GET", MESSAGE), stream.close


def rendered() -> tuple[Log, Callable[[], None]]:
    """Log through structlog."""
    stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - closed by the second function
    processors: list[Any] = [structlog.processors.TimeStamper("iso"), structlog.processors.JSONRenderer()]
    logger: Any = structlog.wrap_logger(structlog.WriteLogger(stream), processors=processors)
    return lambda: logger.info("GET", message=MESSAGE), stream.close


def queued() -> tuple[Log, Callable[[], None]]:
    """Log as [log] does."""
    from holdfast.budget.model.log import Log as Section
    from holdfast.telemetry.logs.json_logs import JsonLogs
    from holdfast.telemetry.logs.sink import Descriptor

    number = os.open(os.devnull, os.O_WRONLY)
    logs = JsonLogs(Section.model_validate({"flood": "1000000000/s"}), "shop", sink=Descriptor(number))
    logger = logging.getLogger("benchmark.queued")
    logger.setLevel(logging.INFO)

    def close() -> None:
        logs.end()
        asyncio.run(logs.aclose())
        os.close(number)

    return lambda: logger.info("%s %s", "GET", MESSAGE), close


def measured(make: Callable[[], tuple[Log, Callable[[], None]]]) -> tuple[float, float]:
    """Return microseconds of CPU a line: of the caller, and in all."""
    log, close = make()
    log()
    caller, whole = time.thread_time(), time.process_time()
    for _ in range(_LINES):
        log()
    caller = time.thread_time() - caller
    close()
    return caller / _LINES * 1e6, (time.process_time() - whole) / _LINES * 1e6


def redaction(text: str, times: int) -> float:
    """Return microseconds of CPU for taking secrets out of `text`."""
    from holdfast.telemetry.redaction import Redactor

    redactor = Redactor()
    began = time.thread_time()
    for _ in range(times):
        redactor.text(text)
    return (time.thread_time() - began) / times * 1e6


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.logs", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 7 if parser.parse_args(arguments).quick else 31
    machine()
    contenders = {"StreamHandler": plain, "structlog": rendered, "[log]": queued}
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, make in contenders.items():
            seen[name].append(measured(make))
    costs = {
        name: tuple(statistics.median(each[part] for each in found) for part in (0, 1))
        for name, found in seen.items()
    }
    table(("us of CPU a line", "caller", "in all"), [(name, *cost) for name, cost in costs.items()])
    harmless, secret = (
        statistics.median(redaction(t, 500) for _ in range(rounds)) for t in (MESSAGE, SECRET)
    )
    once, twice = (statistics.median(redaction(MESSAGE * n, 2) for _ in range(rounds)) for n in (500, 1000))
    table(("redaction", "us"), [("a line without secrets", harmless), ("a line with three", secret)])
    checks = [
        check("a line on the caller's thread, us", costs["[log]"][0], "<=", _CALLER_US),
        check("redaction of twice the text", twice / once, "<=", _LINEAR),
    ]
    figures(
        caller_us=costs["[log]"][0],
        line_us=costs["[log]"][1],
        plain_us=costs["StreamHandler"][0],
        structlog_us=costs["structlog"][0],
        redaction_us=harmless,
        redaction_secret_us=secret,
    )
    return exit_code(checks)


if __name__ == "__main__":
    sys.exit(main())
