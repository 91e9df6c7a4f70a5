"""The availability of the chain, and the error budget.

A request that needs a dependency fails when it does, unless the service answers without it. So a dependency
costs `share x (1 - its availability)`, and independent ones multiply.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.budget.derive.ground import Ground
from holdfast.budget.derive.result import Derived, Finding
from holdfast.budget.units import format_rate, format_ratio

__all__ = ["derive", "findings"]

DAYS = 30
"""The window of the objective, as in the workbook's burn rates."""


def derive(ground: Ground) -> Iterator[Derived]:
    """Yield chain.availability, error_budget.minutes and error_budget.requests."""
    if chain := _chain(ground):
        value, factors, inputs = chain
        formula = f"product of 1 - share x (1 - availability) = {' x '.join(factors)} = {_percent(value)}"
        yield Derived("chain.availability", value, "ratio", formula, inputs)
    promised, peak = ground.budget.objective.availability, ground.budget.traffic.peak
    if promised is None:
        return
    spare = round(1 - promised, 12)
    minutes = round(spare * DAYS * 24 * 60, 9)
    inputs = {"objective.availability": format_ratio(promised)}
    formula = f"(1 - {format_ratio(promised)}) x {DAYS} days = {minutes:.4g} min"
    yield Derived("error_budget.minutes", minutes, "min", formula, inputs)
    if peak is not None:
        requests = round(spare * DAYS * 86400 * peak, 6)
        formula = (
            f"(1 - {format_ratio(promised)}) x {DAYS} days x {format_rate(peak)} = {requests:,.0f}, "
            "if it were always the peak"
        )
        inputs = inputs | {"traffic.peak": format_rate(peak)}
        yield Derived("error_budget.requests", requests, "requests", formula, inputs)


def findings(ground: Ground) -> Iterator[Finding]:
    """Yield an availability that is promised above what the dependencies allow."""
    promised, chain = ground.budget.objective.availability, _chain(ground)
    if promised is not None and chain is not None and chain[0] < promised - 1e-12:
        yield ground.finding(
            "objective.availability",
            f"{format_ratio(promised)} is promised, and what it depends on allows {_percent(chain[0])}",
        )


def _chain(ground: Ground) -> tuple[float, list[str], dict[str, str]] | None:
    """Return the product, its factors in words and its inputs; None where no availability is known."""
    value, factors, inputs = 1.0, list[str](), dict[str, str]()
    for name, dependency in ground.budget.dependency.items():
        if dependency.availability is None:
            continue
        inputs[f"dependency.{name}.availability"] = format_ratio(dependency.availability)
        if _spared(dependency.fallback, ground.budget.sli.degraded):
            factors.append(f"1 ({name}: answered without it)")
            continue
        share = ground.share(name)
        factor = 1 - share * (1 - dependency.availability)
        value *= factor
        factors.append(f"{_percent(factor)} ({name}, share {format_ratio(round(share, 4))})")
    return (value, factors, inputs) if factors else None


def _spared(fallback: str | None, degraded: str) -> bool:
    """Whether the service's answers stay good without the dependency."""
    refuses = fallback is None or (fallback.isdecimal() and int(fallback) >= 400)
    return not refuses and degraded != "bad"


def _percent(ratio: float) -> str:
    return format_ratio(round(ratio, 8))
