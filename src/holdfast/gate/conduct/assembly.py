"""From what came back to the one result document: measured, judged, explained."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from holdfast.budget import Loaded
from holdfast.gate.conduct.machine import describe
from holdfast.gate.conduct.options import Options
from holdfast.gate.conduct.raw import Raw
from holdfast.gate.measure import (
    Run,
    balance,
    calls,
    measure_phase,
    measure_series,
    seconds_to_recover,
    unproxied,
)
from holdfast.gate.measure.quantiles import bound
from holdfast.gate.result import Calls, Fault, GateResult, Phase, Recovery
from holdfast.gate.shape import route
from holdfast.gate.verdict import Evidence, decide, explain, judge
from holdfast.gate.verdict.noise import judge as judge_noise

__all__ = ["assemble", "bounds_of"]


def assemble(loaded: Loaded, options: Options, raw: Raw) -> GateResult:
    """Return the result of a run."""
    bounds = bounds_of(loaded, raw.names)
    run = Run(raw.records, raw.names, bounds, loaded.budget.sli)
    phases = _phases(run, raw)
    steady = next(phase for phase in phases if phase.kind == "steady")
    recoveries = _recoveries(run, phases, steady)
    dependencies = _dependencies(loaded, run, raw, phases)
    noise = judge_noise(
        raw.records,
        run.between(steady.start, steady.end),
        steal=raw.steal,
        starved=raw.watcher.starved(),
        shared=raw.shared,
        bound=min(bounds.values(), default=None),
    )
    ledger = balance(run, dependencies)
    breaks = options.replay is None
    evidence = Evidence(loaded, run, phases, recoveries, dependencies, noise, raw.scale.share, breaks)
    judgements = judge(evidence)
    stalls = raw.watcher.stalls()
    return GateResult(
        app=options.app,
        service=loaded.budget.service.name or options.app,
        budget=loaded.shown,
        environment=loaded.environment or "",
        seed=options.seed,
        started=raw.started.isoformat(timespec="seconds"),
        duration=raw.duration,
        reproduce=options.reproduce(loaded),
        verdict=decide(judgements, ledger),
        scale=raw.scale,
        machine=describe(),
        noise=noise,
        ledger=ledger,
        judgements=judgements,
        reasons=explain(
            phases, judgements, stalls, dependencies, raw.watcher.peak_in_flight, raw.records.wrong
        ),
        phases=phases,
        series=measure_series(run, length=phases[-1].end),
        recoveries=recoveries,
        dependencies=dependencies,
        stalls=stalls,
    )


def bounds_of(loaded: Loaded, names: Sequence[str]) -> dict[str, float]:
    """Return for each route the latency in seconds within which an answer is good."""
    budget = loaded.budget
    own = {route(name): promised for name, promised in budget.objective.route.items()}
    found = {
        name: bound(own.get(name), budget.objective, budget.deadline.default) for name in dict.fromkeys(names)
    }
    return {name: seconds for name, seconds in found.items() if seconds is not None}


def _phases(run: Run, raw: Raw) -> list[Phase]:
    found = []
    for planned, start, end in zip(raw.planned, raw.edges[:-1], raw.edges[1:], strict=True):
        fault = None
        if planned.fault is not None:
            fault = Fault(planned.dependency, planned.fault.kind, planned.fault.describe())
        found.append(
            measure_phase(
                run,
                name=planned.name,
                kind=planned.kind,
                start=start,
                end=end,
                rate=planned.rate,
                fault=fault,
            )
        )
    return found


def _recoveries(run: Run, phases: Sequence[Phase], steady: Phase) -> list[Recovery]:
    share = steady.good / steady.offered if steady.offered else 0.0
    found = []
    for before, after in pairwise(phases):
        if after.kind == "recovery":
            back = seconds_to_recover(run, healed=after.start, until=after.end, steady_share=share)
            found.append(Recovery(before.name, after.start, back))
    return found


def _dependencies(loaded: Loaded, run: Run, raw: Raw, phases: Sequence[Phase]) -> list[Calls]:
    found = []
    for wired in raw.wired:
        if wired.proxy is None:
            found.append(unproxied(wired.name, wired.kind, wired.why))
            continue
        needing = {route(each.send) for each, _ in loaded.budget.traffic.sent() if wired.name in each.needs}
        positions = [position for position, name in enumerate(run.routes) if name in needing]
        needs = np.isin(run.route, positions)
        found.append(
            calls(
                wired.name,
                wired.kind,
                counts=[snapshot[wired.name] for snapshot in raw.counts],
                phases=phases,
                needed=[int(np.count_nonzero(run.between(p.start, p.end) & needs)) for p in phases],
                # Elsewhere the service counts checkouts and operations, the proxy statements and commands.
                attempted=raw.watcher.attempted(wired.name) if wired.kind == "http" else None,
                direct=raw.watcher.direct[wired.name],
                unproven=raw.watcher.unproven,
                unreachable=raw.watcher.unreachable.attempts[wired.name],
            )
        )
    return found
