"""Two believable results of the shop's gate, fragile and held, made from a seed: for tests and the eye."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from holdfast.gate.result import (
    Calls,
    GateResult,
    Judgement,
    Latency,
    Ledger,
    Machine,
    Noise,
    Phase,
    Reason,
    Recovery,
    Scale,
    Series,
    Stall,
    Verdict,
)
from tests.gate.report.traffic import run

RELIABILITY = "docs/architecture/reliability.md#objectives"
TRAFFIC = "docs/architecture/performance.md#traffic"
ORDERS = 'objective.route."POST /orders".p99'
CALLS = "dependency.payments.amplification"
ADR = "docs/adr/0007-payments.md"
AFTER = "recovery from payments slow"
# name, path, title, phase, required, unit, better, line, source
PROMISES = (
    (
        "availability",
        "objective.availability",
        "Availability",
        "steady",
        0.995,
        "ratio",
        "higher",
        10,
        RELIABILITY,
    ),
    ("p50", "objective.p50", "p50 latency", "steady", 0.05, "s", "lower", 11, RELIABILITY),
    ("p99", "objective.p99", "p99 latency", "steady", 0.3, "s", "lower", 12, RELIABILITY),
    ("orders", ORDERS, "p99 of POST /orders", "steady", 0.8, "s", "lower", 16, RELIABILITY),
    ("throughput", "objective.throughput", "Throughput", "steady", 150.0, "/s", "higher", 13, TRAFFIC),
    (
        "errors",
        "objective.errors",
        "Errors of a fault",
        "payments slow",
        0.1,
        "ratio",
        "lower",
        14,
        RELIABILITY,
    ),
    ("recovery", "objective.recovery", "Recovery after a fault", AFTER, 10.0, "s", "lower", 15, RELIABILITY),
    (
        "amplification",
        CALLS,
        "Calls to payments per call needed",
        "payments down",
        1.2,
        "x",
        "lower",
        38,
        ADR,
    ),
    ("p999", "objective.p999", "p99.9 latency", "steady", 0.9, "s", "lower", 17, RELIABILITY),
)


def fragile() -> GateResult:
    """The form that fails: late under overload, stuck while payments is slow."""
    shape = {
        "steady": (0.93, 0.0, 0.0, 0.06, 0.42),
        "overload 5x": (0.015, 0.0, 0.31, 4.1, 9.4),
        "recovery from overload": (0.12, 0.0, 0.22, 3.4, 9.9),
        "payments slow": (0.0, 0.0, 0.62, 8.1, 10.0),
        "recovery from payments slow": (0.08, 0.0, 0.28, 5.2, 10.0),
        "payments down": (0.24, 0.0, 0.36, 0.9, 4.4),
        "recovery from payments down": (0.62, 0.0, 0.05, 0.11, 2.2),
    }
    causes = {
        "overload 5x": ("client timeout", "reset", "500"),
        "payments down": ("502", "500", "client timeout"),
    }
    phases, series = run(shape, causes, seed=7)
    return _result(
        "fragile",
        phases,
        series,
        verdict=Verdict(
            "fail", 1, "6 of 9 objectives missed: p99 latency 420 ms where 300 ms is required, and five more."
        ),
        judgements=_judgements(
            phases, {"p50": 0.0613, "p99": 0.4217, "orders": 2.31, "recovery": None, "amplification": 2.9}
        ),
        reasons=(
            Reason(
                "The loop stood still for 21.4 s in 214 stalls",
                "requests.post in place blocked the loop 100 ms each time; 3,120 others waited behind it.",
                "examples/shop/fragile/orders.py:41",
            ),
            Reason(
                "payments took the connections",
                "While payments was slow, all 15 database connections were held by orders waiting for it.",
                "examples/shop/fragile/db.py:18",
            ),
            Reason(
                "Retries multiplied the calls to payments",
                "2.9 calls arrived for each one needed while payments was down: 3 attempts, no budget.",
                "examples/shop/fragile/payments.py:22",
            ),
        ),
        recoveries=(
            Recovery("overload 5x", 30.0, None),
            Recovery("payments slow", 49.0, None),
            Recovery("payments down", 65.0, 6.5),
        ),
        calls=Calls("payments", "http", True, 412, 2174, None, 128, 2.9, "payments down", 0, True, ""),
        stalls=(
            Stall(
                "examples/shop/fragile/orders.py",
                41,
                "place",
                "urllib3/connection.py:199 in create_connection",
                "POST /orders",
                214,
                21.4,
                2.03,
                3120,
            ),
            Stall(
                "examples/shop/fragile/report.py",
                17,
                "report",
                "examples/shop/fragile/report.py:29 in totals",
                "GET /report",
                38,
                9.12,
                0.31,
                870,
            ),
        ),
    )


def held() -> GateResult:
    """The form that passes: sheds what it cannot serve, degrades orders while payments is away."""
    shape = {
        "steady": (0.9995, 0.0, 0.0, 0.021, 0.088),
        "overload 5x": (0.41, 0.585, 0.002, 0.09, 0.241),
        "recovery from overload": (0.97, 0.025, 0.0, 0.024, 0.11),
        "payments slow": (0.93, 0.06, 0.004, 0.023, 0.21),
        "recovery from payments slow": (0.985, 0.01, 0.0, 0.022, 0.1),
        "payments down": (0.935, 0.06, 0.0, 0.02, 0.09),
        "recovery from payments down": (0.98, 0.02, 0.0, 0.022, 0.095),
    }
    causes = {
        "overload 5x": ("504 deadline",),
        "payments slow": ("504 deadline",),
    }
    phases, series = run(shape, causes, seed=11)
    return _result(
        "held",
        phases,
        series,
        verdict=Verdict(
            "pass", 0, "All 8 objectives judged are met; the closest is p99 at 71% below its limit."
        ),
        judgements=_judgements(
            phases, {"p50": 0.0212, "p99": 0.0881, "orders": 0.2441, "recovery": 1.5, "amplification": 1.12}
        ),
        reasons=(),
        recoveries=(
            Recovery("overload 5x", 30.0, 1.0),
            Recovery("payments slow", 49.0, 1.5),
            Recovery("payments down", 65.0, 0.5),
        ),
        calls=Calls("payments", "http", True, 21, 688, 688, 171, 1.12, "payments slow", 0, True, ""),
        stalls=(
            Stall(
                "examples/shop/held/report.py",
                24,
                "report",
                "json/encoder.py:258 in iterencode",
                "GET /report",
                2,
                0.11,
                0.06,
                3,
            ),
        ),
    )


def empty() -> GateResult:
    """The least that a document can hold: nothing was measured, every optional value is None."""
    return GateResult(
        app="shop.main:app",
        service="shop",
        budget="holdfast.toml",
        environment="",
        seed=1,
        started="2026-11-20T09:00:00Z",
        duration=0.0,
        reproduce="holdfast gate shop.main:app --seed 1",
        verdict=Verdict("cannot tell", 5, "Nothing was measured."),
        scale=Scale(1, 1, 0.0, 0.0, 0.0, 0.0, ""),
        machine=Machine("", 1, "", {}),
        noise=Noise(0.0, 0.0, 0.0, False, "the machine gave no time"),
        ledger=Ledger(0, 0, 0, 0, 0, 0, 0, 0, 0, False, ("nothing was sent",)),
        judgements=(
            Judgement(
                "objective.p99",
                "p99 latency",
                "",
                None,
                None,
                "s",
                "lower",
                "missing",
                "nobody decided",
                "",
                "",
            ),
        ),
        reasons=(),
        phases=(Phase("steady", "steady", 0.0, 0.0, 0.0, 0, 0, 0.0, {}, Latency(0, {}), {}, None),),
        series=Series(0.5, (), (), (), (), (), (), ()),
        recoveries=(Recovery("overload", 0.0, None),),
        dependencies=(
            Calls("db", "sqlite", False, 0, 0, None, None, None, "", 0, False, "a file has no connection"),
        ),
        stalls=(),
    )


def hostile(text: str) -> GateResult:
    """`fragile()` with `text` in every string of the document that a user or a service can set."""
    return _poison(fragile(), text)


def _poison(value, text):
    if dataclasses.is_dataclass(value):
        kept = {"schema", "outcome", "unit", "better", "kind"}
        return dataclasses.replace(
            value,
            **{
                field.name: _poison(getattr(value, field.name), text)
                for field in dataclasses.fields(value)
                if field.name not in kept
            },
        )
    if isinstance(value, str):
        return value + text
    if isinstance(value, Mapping):
        return {key + text: _poison(each, text) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(_poison(each, text) for each in value)
    return value


def _judgements(phases, measured):
    steady = next(phase for phase in phases if phase.name == "steady")
    slow = next(phase for phase in phases if phase.name == "payments slow")
    found = measured | {
        "availability": steady.good / steady.offered,
        "throughput": steady.goodput,
        "errors": 1 - slow.good / slow.offered,
    }
    return tuple(_judged(found, *promise) for promise in PROMISES)


def _judged(found, name, path, title, phase, required, unit, better, line, source):
    measured = found.get(name)
    met = measured is not None and (measured <= required if better == "lower" else measured >= required)
    why = {"availability": "good / offered, without 4xx", "p999": "2,700 samples; p99.9 needs 10,000"}.get(
        name, ""
    )
    if name == "recovery" and measured is None:
        why = "goodput did not come back within the run"
    outcome = "not judged" if name == "p999" else "pass" if met else "fail"
    place = f"examples/shop/holdfast.toml:{line}"
    return Judgement(path, title, phase, required, measured, unit, better, outcome, why, place, source)


def _result(form, phases, series, *, verdict, judgements, reasons, recoveries, calls, stalls):
    offered = sum(phase.offered for phase in phases)
    totals: dict[str, int] = {}
    for phase in phases:
        for cause, number in phase.outcomes.items():
            totals[cause] = totals.get(cause, 0) + number
    served = sum(number for cause, number in totals.items() if cause[0] in "234")
    refused, shed = totals.get("503 shed", 0), totals.get("504 deadline", 0)
    cancelled = totals.get("client timeout", 0)
    failed = offered - served - refused - shed - cancelled
    return GateResult(
        app=f"examples.shop.{form}:app",
        service="shop",
        budget="examples/shop/holdfast.toml",
        environment="ci",
        seed=20261120,
        started="2026-11-20T09:12:44Z",
        duration=phases[-1].end,
        reproduce=(f"holdfast gate examples.shop.{form}:app --env ci --seed 20261120"),
        verdict=verdict,
        scale=Scale(
            1,
            1,
            2.0,
            400.0,
            180.0,
            0.45,
            "1 worker of 1 replica on 2 cores, driven at 180/s: 45% of the peak of 400/s. "
            "The verdict holds for this scale and no other.",
        ),
        machine=Machine(
            "AMD EPYC 7B13",
            2,
            "6.1.0",
            {"python": "3.11.14", "fastapi": "0.163.2", "uvicorn": "0.54.0", "holdfast": "0.1.0"},
        ),
        noise=Noise(0.000041, 0.00063, 0.004, True, ""),
        ledger=Ledger(offered, offered, served, refused, shed, failed, cancelled, 0, 0, True, ()),
        judgements=judgements,
        reasons=reasons,
        phases=phases,
        series=series,
        recoveries=recoveries,
        dependencies=(
            calls,
            Calls("db", "sqlite", False, 0, 0, None, None, None, "", 0, False, "SQLite is a file"),
        ),
        stalls=stalls,
    )
