"""The ladder of times: each step has to end before the one that contains it.

    connect < total;  total x attempts < the route's deadline < drain;  announce + longest deadline < grace

A step that outlives its frame never gets to say what went wrong, and its fallback never runs.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.budget.derive.ground import Ground
from holdfast.budget.derive.result import Derived, Finding
from holdfast.budget.units import format_duration

__all__ = ["derive", "findings"]

CLOSING = 2.0
"""Seconds that are left to close pools and write out what was counted, after the last answer."""


def derive(ground: Ground) -> Iterator[Derived]:
    """Yield dependency.NAME.longest, deadline.cap and drain.grace, in seconds."""
    for name, dependency in ground.budget.dependency.items():
        total, attempts = dependency.timeout.total, dependency.retry.attempts
        if total is None or attempts is None:
            continue
        longest = round(total * attempts, 9)
        formula = f"total x attempts = {format_duration(total)} x {attempts} = {format_duration(longest)}"
        inputs = {
            f"dependency.{name}.timeout.total": format_duration(total),
            f"dependency.{name}.retry.attempts": str(attempts),
        }
        yield Derived(f"dependency.{name}.longest", longest, "s", formula, inputs)

    deadline, drain, longest_deadline = ground.budget.deadline, ground.budget.drain, _longest_deadline(ground)
    if longest_deadline is None:
        return
    shown = format_duration(longest_deadline)
    if deadline.cap is not None:
        yield Derived("deadline.cap", deadline.cap, "s", "as written", {}, written=True)
    else:
        formula = f"no caller gets more than the default = {shown}"
        yield Derived("deadline.cap", longest_deadline, "s", formula, {"deadline.default": shown})
    if drain.grace is not None:
        yield Derived("drain.grace", drain.grace, "s", "as written", {}, written=True)
    elif drain.announce is not None:
        grace = round(drain.announce + longest_deadline + CLOSING, 9)
        announce, closing = format_duration(drain.announce), format_duration(CLOSING)
        result = format_duration(grace)
        formula = f"announce + longest deadline + closing = {announce} + {shown} + {closing} = {result}"
        yield Derived("drain.grace", grace, "s", formula, {"drain.announce": announce, "deadline.cap": shown})


def findings(ground: Ground) -> Iterator[Finding]:
    """Yield each step that does not end before the one that contains it."""
    budget, longest_deadline = ground.budget, _longest_deadline(ground)
    for name, dependency in budget.dependency.items():
        total, attempts = dependency.timeout.total, dependency.retry.attempts or 1
        if (
            total is not None
            and budget.deadline.default is not None
            and total * attempts >= budget.deadline.default
        ):
            yield ground.finding(
                f"dependency.{name}.timeout.total",
                f"{attempts} x {format_duration(total)} is not below deadline.default "
                f"({format_duration(budget.deadline.default)}): what should happen without {name} never does",
            )
        opened, recovery = dependency.breaker.open, budget.objective.recovery
        if opened is not None and recovery is not None and opened >= recovery:
            yield ground.finding(
                f"dependency.{name}.breaker.open",
                f"it is left alone for {format_duration(opened)}, and objective.recovery promises "
                f"{format_duration(recovery)}",
            )
    announce, grace = budget.drain.announce, budget.drain.grace
    if longest_deadline is not None and grace is not None and (announce or 0.0) + longest_deadline >= grace:
        yield ground.finding(
            "drain.grace",
            f"{format_duration(grace)} is not above announce + longest deadline "
            f"({format_duration(round((announce or 0.0) + longest_deadline, 9))}): requests would be cut",
        )


def _longest_deadline(ground: Ground) -> float | None:
    deadline = ground.budget.deadline
    return deadline.cap if deadline.cap is not None else deadline.default
