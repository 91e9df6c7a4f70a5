"""One rate, driven and judged by the objectives of the budget."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from holdfast.budget import Loaded
from holdfast.gate.capacity.result import Step
from holdfast.gate.conduct.assembly import bounds_of
from holdfast.gate.conduct.cores import Cores
from holdfast.gate.conduct.driver import Driver
from holdfast.gate.conduct.load import plan_of
from holdfast.gate.measure import Run, balance, measure_phase
from holdfast.gate.result import Judgement, Noise
from holdfast.gate.shape import Catalogue, Phase, schedule
from holdfast.gate.verdict.evidence import Evidence
from holdfast.gate.verdict.objectives import availability, errors, latency

__all__ = ["Stretch", "drive"]

_OBJECTIVES = (latency, availability, errors)
_SETTLING = 0.5
"""Seconds at the rate before it is measured: connections open, queues take their length."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A rate to drive for `seconds`, `number` deciding its arrivals."""

    rate: float
    seconds: float
    number: int
    confirmation: bool = False


async def drive(
    loaded: Loaded, stretch: Stretch, requests: Catalogue, port: int, scratch: Path, cores: Cores
) -> tuple[Step, int]:
    """Drive one stretch; returns how it went, and how many requests the driver itself did not send."""
    traffic = loaded.budget.traffic
    stretches = [
        Phase("settling", stretch.rate, _SETTLING, traffic.arrivals),
        Phase("measured", stretch.rate, stretch.seconds, traffic.arrivals),
    ]
    new = traffic.new_connections or 0.0
    due = schedule(stretches, requests, seed=stretch.number, new_connections=new)
    plan = plan_of(loaded, requests, due, port)
    async with Driver(plan, scratch, cores.gate) as driver:
        await driver.go()
        records = await driver.finish(lambda line: None)
    names = [payload.name for payload in requests.payloads]
    run = Run(records, names, bounds_of(loaded, names), loaded.budget.sli)
    phase = measure_phase(
        run,
        name="measured",
        kind="steady",
        start=_SETTLING,
        end=_SETTLING + stretch.seconds,
        rate=stretch.rate,
        fault=None,
    )
    evidence = Evidence(loaded, run, [phase], [], [], Noise(0.0, 0.0, 0.0, True, "", 0.0), 1.0)
    missed = list(_missed(evidence))
    step = Step(
        offered=stretch.rate,
        goodput=phase.goodput,
        p50=phase.latency.percentiles.get("p50"),
        p99=phase.latency.percentiles.get("p99"),
        held=not missed,
        why=f"{missed[0].title}: {missed[0].why}" if missed else "",
        confirmation=stretch.confirmation,
    )
    return step, balance(run).not_sent


def _missed(evidence: Evidence) -> Iterator[Judgement]:
    """Yield the objectives that are missed for certain: a short stretch does not decide all of them."""
    for objective in _OBJECTIVES:
        yield from (found for found in objective.judge(evidence) if found.outcome == "fail")
