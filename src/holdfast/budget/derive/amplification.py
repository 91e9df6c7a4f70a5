"""Retry amplification: what an outage of a dependency multiplies.

Every call fails then, and each is tried as often as it may be: `attempts` times, but with a retry budget no
more than 1 + budget on average, and the budget's floor besides. Peak, burst and retries together are what
the dependency has to bear.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.budget.derive.ground import Ground
from holdfast.budget.derive.result import Derived, Finding
from holdfast.budget.model import Dependency
from holdfast.budget.units import format_rate, format_ratio

__all__ = ["derive", "findings"]


def derive(ground: Ground) -> Iterator[Derived]:
    """Yield dependency.NAME.amplification, and dependency.NAME.calls, the calls a second at worst."""
    for name, dependency in ground.budget.dependency.items():
        worst = amplification(dependency)
        if worst is None:
            continue
        attempts, budget = dependency.retry.attempts, dependency.retry.budget
        at = f"dependency.{name}.retry"
        inputs = {f"{at}.attempts": str(attempts)}
        formula = f"{attempts} attempts"
        if budget is not None:
            inputs[f"{at}.budget"] = format_ratio(budget)
            formula = f"the less of {attempts} attempts and 1 + {format_ratio(budget)}"
        yield Derived(f"dependency.{name}.amplification", worst, "x", f"{formula} = {worst:g}", inputs)
        if (calls := _calls(ground, name, worst)) is None or ground.most is None:
            continue
        floor = dependency.retry.floor or 0.0
        share = ground.share(name)
        part = f"{format_ratio(round(share, 4))} of requests" if share < 1 else "each request"
        also, plus = (" + floor", f" + {floor:g}/s") if floor else ("", "")
        formula = (
            f"peak x burst x {part} x amplification{also} = "
            f"{ground.most:g}/s x {share:g} x {worst:g}{plus} = {calls:g}/s"
        )
        inputs = ground.most_inputs() | {f"dependency.{name}.amplification": f"{worst:g}"}
        if floor:
            inputs[f"{at}.floor"] = format_rate(floor)
        yield Derived(f"dependency.{name}.calls", calls, "/s", formula, inputs)


def findings(ground: Ground) -> Iterator[Finding]:
    """Yield the dependencies that cannot bear what an outage makes of the peak."""
    for name, dependency in ground.budget.dependency.items():
        worst = amplification(dependency)
        calls = None if worst is None else _calls(ground, name, worst)
        if calls is not None and dependency.headroom is not None and calls > dependency.headroom * (1 + 1e-9):
            yield ground.finding(
                f"dependency.{name}.headroom",
                f"at worst {calls:g}/s calls reach {name} (peak x burst x retries), and it bears "
                f"{format_rate(dependency.headroom)}",
            )


def amplification(dependency: Dependency) -> float | None:
    """Return the calls made for each call that was meant, at worst; None where no attempts are decided."""
    attempts, budget = dependency.retry.attempts, dependency.retry.budget
    if attempts is None:
        return None
    return float(attempts) if budget is None else min(float(attempts), 1 + budget)


def _calls(ground: Ground, name: str, worst: float) -> float | None:
    if ground.most is None:
        return None
    floor = ground.budget.dependency[name].retry.floor or 0.0
    return round(ground.most * ground.share(name) * worst + floor, 9)
