"""Evidence made by hand: a small budget in a folder of its own, and a run of a few requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from holdfast.budget import Loaded, load
from holdfast.gate.measure import measure_phase
from holdfast.gate.result import Calls, Fault, Judgement, Ledger, Noise, Phase, Recovery
from holdfast.gate.verdict import Evidence
from tests.gate.measure.made import Sent, run

BUDGET = """\
[objective]
availability = "90%"
p50 = "100ms"
p99 = "300ms"
throughput = "80/s"
errors = "20%"
recovery = "2s"
route."GET /slow".p50 = "500ms"
without.p = "80%"

[traffic]
peak = "100/s"
request = [{ send = "GET /" }, { send = "GET /slow", needs = ["p"] }]

[dependency.p]
kind = "http"
url_env = "P_URL"
retry = { attempts = 2, budget = "20%" }

[source]
"*" = "numbers.md#numbers"
"""

QUIET = Noise(0.0, 0.001, 0.0, True, "")
NOISY = Noise(0.0, 0.5, 0.0, False, "the driver was late")


def budget(folder: Path, *changes: tuple[str, str], environ: Mapping[str, str] | None = None) -> Loaded:
    """Write the budget, changed by pairs of (old, new), with its document, and load it."""
    text = BUDGET
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (folder / "numbers.md").write_text("# Numbers\n", encoding="utf-8")
    path = folder / "holdfast.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ=environ or {})


def line_of(loaded: Loaded, start: str) -> str:
    """Return the place of the first line that begins with `start`."""
    assert loaded.path is not None
    lines = loaded.path.read_text(encoding="utf-8").splitlines()
    number = next(number for number, line in enumerate(lines, 1) if line.startswith(start))
    return f"{loaded.shown}:{number}"


STEADY = (0.0, 10.0, "steady")


def evidence(
    loaded: Loaded,
    requests: Sequence[Sent],
    *,
    names: Sequence[str] = ("GET /", "GET /slow"),
    stretches: Sequence[tuple[float, float, str]] = (STEADY,),
    recoveries: Sequence[Recovery] = (),
    dependencies: Sequence[Calls] = (),
    noise: Noise = QUIET,
    share: float = 1.0,
) -> Evidence:
    """Return the evidence of `requests`; a stretch is (start, end, kind), "fault" meaning that p is slow."""
    made = run(requests, names=names, bounds=dict.fromkeys(names, 0.3))
    phases = [
        measure_phase(
            made,
            name=kind if kind != "fault" else "p slow",
            kind=kind,
            start=start,
            end=end,
            rate=100.0,
            fault=Fault("p", "slow", "every answer 2 s late") if kind == "fault" else None,
        )
        for start, end, kind in stretches
    ]
    return Evidence(loaded, made, phases, recoveries, dependencies, noise, share)


def calls(amplification: float | None = 1.0, *, needed: int | None = 10, why: str = "") -> Calls:
    """Return what was seen of p; wired unless `why` says otherwise."""
    return Calls("p", "http", True, 5, 100, 100, needed, amplification, "p slow", 0, not why, why)


def one(judgements: Sequence[Judgement], path: str) -> Judgement:
    """Return the only judgement of a number."""
    (found,) = [judgement for judgement in judgements if judgement.id == path]
    return found


def judgement(outcome: str, path: str = "objective.p99", title: str = "", why: str = "so") -> Judgement:
    return Judgement(
        path,
        title or path,
        "steady",
        1.0,
        1.0,
        "s",
        "lower",
        outcome,  # type: ignore[arg-type]
        why,
        "",
        "",
    )


def ledger(*problems: str) -> Ledger:
    return Ledger(10, 10, 10, 0, 0, 0, 0, 0, 0, not problems, problems)


def phase(kind: str, name: str = "", **outcomes: int) -> Phase:
    """Return a phase of which only its outcomes matter; "client_timeout" stands for "client timeout"."""
    said = {word.replace("_", " ").removeprefix("s"): n for word, n in outcomes.items()}
    made = run([])
    bare = measure_phase(made, name=name or kind, kind=kind, start=0, end=10, rate=1, fault=None)
    return Phase(
        bare.name,
        kind,
        0.0,
        10.0,
        1.0,
        sum(said.values()),
        0,
        0.0,
        said,
        bare.latency,
        {},
        None,
    )
