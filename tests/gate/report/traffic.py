"""A made-up run of the gate: phases and curves that fit each other, from shares by phase and a seed."""

from __future__ import annotations

import math
import random

from holdfast.gate.result import Fault, Latency, Phase, Series

STEP = 0.5
SLOW = Fault("payments", "slow", "payments answers 2 s late")
DOWN = Fault("payments", "refuse", "payments refuses connections")
# name, kind, seconds, rate, fault
SCHEDULE = (
    ("warm-up", "warmup", 5, 60, None),
    ("steady", "steady", 15, 180, None),
    ("overload 5x", "overload", 10, 900, None),
    ("recovery from overload", "recovery", 9, 180, None),
    ("payments slow", "fault", 10, 180, SLOW),
    ("recovery from payments slow", "recovery", 9, 180, None),
    ("payments down", "fault", 7, 180, DOWN),
    ("recovery from payments down", "recovery", 9, 180, None),
)


def run(shape, causes, *, seed):
    """Phases and curves from (good, refused, failed, p50, p99) shares by phase."""
    chance = random.Random(seed)
    phases, columns, start = [], [], 0.0
    for name, kind, seconds, rate, fault in SCHEDULE:
        good, refused, failed, p50, p99 = shape.get(name, (1.0, 0.0, 0.0, 0.02, 0.08))
        totals = [0, 0, 0, 0]
        buckets = int(seconds / STEP)
        for index in range(buckets):
            offered = max(1, round(chance.gauss(rate * STEP, math.sqrt(rate * STEP))))
            progress = min(1.0, (index + 1) / (buckets * 0.35)) if kind != "steady" else 1.0
            part_good = min(1.0, max(0.0, 1 + (good - 1) * progress + chance.gauss(0, 0.01) * (0 < good < 1)))
            part_refused = min(1 - part_good, refused * progress)
            part_failed = min(1 - part_good - part_refused, failed * progress)
            numbers = (
                offered,
                round(offered * part_good),
                round(offered * part_refused),
                round(offered * part_failed),
            )
            totals = [one + other for one, other in zip(totals, numbers, strict=True)]
            answered = numbers[0] - numbers[2] - numbers[3] > 0
            wobble = math.exp(chance.gauss(0, 0.18))
            columns.append(
                (
                    start + index * STEP,
                    *(number / STEP for number in numbers),
                    p50 * wobble if answered else None,
                    p99 * wobble * math.exp(abs(chance.gauss(0, 0.25))) if answered else None,
                )
            )
        offered, in_time, shed, broken = totals
        answered = offered - shed - broken
        named = causes.get(name, ("client timeout",))
        outcomes = {"200": answered * 9 // 10, "201": answered - answered * 9 // 10, "503 shed": shed}
        for place, cause in enumerate(named):
            part = broken * (len(named) - place) // (len(named) * (len(named) + 1) // 2)
            outcomes[cause] = part
        outcomes[named[0]] += broken - sum(outcomes[cause] for cause in named)
        if fault and refused:
            degraded = outcomes["201"]
            outcomes |= {"201": 0, "200 degraded": degraded}
        percentiles = {
            "p50": p50,
            "p90": p50 + (p99 - p50) * 0.4,
            "p95": p50 + (p99 - p50) * 0.62,
            "p99": p99,
        }
        if answered >= 10_000:
            percentiles["p99.9"] = p99 * 1.9
        routes = {
            "GET /products": Latency(
                answered * 7 // 10, {key: part * 0.7 for key, part in percentiles.items()}
            ),
            "POST /orders": Latency(answered // 10, {"p50": p50 * 2.1, "p90": p99 * 0.9}),
            "GET /report": Latency(answered // 50, {"p50": p50 * 4}),
        }
        phases.append(
            Phase(
                name=name,
                kind=kind,
                start=start,
                end=start + seconds,
                rate=float(rate),
                offered=offered,
                good=in_time,
                goodput=in_time / seconds,
                outcomes={key: number for key, number in outcomes.items() if number},
                latency=Latency(answered, percentiles),
                routes=routes,
                fault=fault,
            )
        )
        start += seconds
    return tuple(phases), Series(STEP, *(tuple(column) for column in zip(*columns, strict=True)))
