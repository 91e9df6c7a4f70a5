"""How often `holdfast compare` is right: builds that cost the same, a tenth more, and three tenths more CPU.

One decision is one whole comparison, as a user runs it, of a small service with itself or with a copy that
burns more CPU; the budget grants 15%. An unchanged build that is failed is a false alarm, one that costs 30%
more and is passed is a miss; what is not told at all is counted apart. Bounds are one-sided, 95%, exact
(Clopper and Pearson): so many more there may be.

Decisions are spread over as long as they take, and each has other requests and other lots. The machine is as
noisy as it is: that is what is asked. `--decisions N` makes N of each kind.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import uvloop

from benchmarks.report import check, exit_code, figures, machine, table
from holdfast.budget import Loaded, load
from holdfast.errors import HoldfastError
from holdfast.gate.regression import Options, build_at, run
from holdfast.gate.verdict.binomial import tail_at_most

_DECISIONS, _QUICK = 100, 1
_FACTORS = {"unchanged": 1.0, "+10%": 1.1, "+30%": 1.3}

_SERVICE = """
import asyncio
import time

from fastapi import FastAPI

from holdfast import Holdfast

app = FastAPI()
hold = Holdfast(app)


@app.get("/work/{number}")
async def work(number: int) -> dict[str, int]:
    until = time.thread_time() + BURNT
    while time.thread_time() < until:
        pass
    await asyncio.sleep(0.005)
    return {"number": number}
"""

_BURNT = 0.004
"""Seconds of CPU a request: beside it what FastAPI itself takes is a twentieth, so that +30% is +28% in all.
"""

_BUDGET = """
[service]
replicas = { min = 1, max = 1, surge = 0 }
workers = 1
[traffic]
peak = "100/s"
request = [{ send = "GET /work/{1..500}" }]
[regression]
cpu = "15%"
[source]
"*" = "numbers.md#numbers"
"""


class Quiet:
    """Shows nothing: a comparison is one of hundreds here."""

    def phase(self, name: str, seconds: float, detail: str) -> None:
        """A phase begins."""

    def progress(self, line: object) -> None:
        """The driver says how it goes."""

    def note(self, text: str) -> None:
        """Something happened."""

    def stalls(self, count: int) -> None:
        """So many stalls."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.verdict", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help="one decision of each kind")
    parser.add_argument("--decisions", type=int, default=_DECISIONS, help="of each kind")
    options = parser.parse_args(arguments)
    wanted = _QUICK if options.quick else options.decisions
    machine()
    print(f"\n{wanted} decisions of each kind, 15% more CPU per request granted\n", flush=True)
    found: dict[str, Counter[str]] = {name: Counter() for name in _FACTORS}
    ratios: dict[str, list[float]] = {name: [] for name in _FACTORS}
    with (
        tempfile.TemporaryDirectory() as scratch,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        loaded = _written(Path(scratch))
        for number in range(wanted):
            for kind in _FACTORS:
                outcome, ratio, pairs = _decided(runner, loaded, Path(scratch), kind, 1 + number)
                found[kind][outcome] += 1
                ratios[kind].append(ratio)
                print(f"  {kind}: {outcome}, {ratio:.3f} x after {pairs} pairs", flush=True)
    _show(found, ratios)
    alarms, misses = found["unchanged"]["fail"], found["+30%"]["pass"]
    undecided = sum(kind["cannot tell"] for kind in found.values())
    false_alarms, missed, open_ = alarms / wanted, misses / wanted, undecided / (3 * wanted)
    checks = [
        check("unchanged builds that were failed", false_alarms, "<=", 0.02),
        check("builds at +30% that were passed", missed, "<=", 0.05),
        check("comparisons that could not tell", open_, "<=", 0.20),
    ]
    figures(false_alarms=false_alarms, misses=missed, undecided=open_, decisions=3 * wanted)
    return exit_code(checks)


def upper(count: int, of: int) -> float:
    """Return the share that is exceeded in 5 of 100 such counts only: Clopper and Pearson, one-sided."""
    low, high = count / of, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tail_at_most(count, of, middle) > 0.05 else (low, middle)
    return high


def _written(scratch: Path) -> Loaded:
    for kind, factor in {"old": 1.0, **_FACTORS}.items():
        (scratch / kind).mkdir()
        (scratch / kind / "worked.py").write_text(_SERVICE.replace("BURNT", repr(_BURNT * factor)))
    (scratch / "numbers.md").write_text("# Numbers\n\n15%, 100/s, 1, 0\n")
    (scratch / "holdfast.toml").write_text(_BUDGET)
    return load(scratch / "holdfast.toml")


def _decided(
    runner: asyncio.Runner, loaded: Loaded, scratch: Path, kind: str, seed: int
) -> tuple[str, float, int]:
    builds = (build_at("old", scratch / "old"), build_at("new", scratch / kind))
    try:
        result = runner.run(run(loaded, Options("worked:app", *builds, seed, os.environ), Quiet()))
    except HoldfastError as error:
        raise SystemExit(f"{kind}: {error}") from None
    cpu = next(one for one in result.comparisons if one.name == "cpu")
    return result.verdict.outcome, cpu.ratio, result.pairs


def _show(found: dict[str, Counter[str]], ratios: dict[str, list[float]]) -> None:
    rows = []
    for kind, outcomes in found.items():
        of = outcomes.total()
        middle = sorted(ratios[kind])[of // 2]
        counts = (outcomes["pass"], outcomes["fail"], outcomes["cannot tell"])
        rows.append([kind, f"{middle:.3f}", *(f"{n} (at most {upper(n, of):.1%})" for n in counts)])
    table(("build", "CPU, new / old", "pass", "fail", "cannot tell"), rows)


if __name__ == "__main__":
    sys.exit(main())
