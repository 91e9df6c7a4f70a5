"""The ladder of times: each step has to end before the one that contains it.

    connect < total;  total x attempts < the route's deadline < drain;
    announce + longest deadline < grace < termination

A step that outlives its frame never gets to say what went wrong, and its fallback never runs.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.budget.derive.ground import Ground
from holdfast.budget.derive.result import Derived, Finding
from holdfast.budget.units import format_duration

__all__ = ["CLOSING", "LAST_RESORT", "derive", "findings", "leaving"]

CLOSING = 2.0
"""Seconds that are left after the last answer: to end streams and background work, and to close pools."""

LAST_RESORT = 1.0
"""Seconds from the end of the grace until what is left is killed; the platform may not be faster."""


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

    deadline, drain, longest_deadline = (
        ground.budget.deadline,
        ground.budget.drain,
        ground.budget.deadline.longest,
    )
    if longest_deadline is None:
        return
    shown = format_duration(longest_deadline)
    if deadline.cap is not None:
        yield Derived("deadline.cap", deadline.cap, "s", "as written", {}, written=True)
    elif deadline.default is not None:
        default = format_duration(deadline.default)
        formula = f"no caller gets more than the default = {default}"
        yield Derived("deadline.cap", deadline.default, "s", formula, {"deadline.default": default})
    if drain.grace is not None:
        yield Derived("drain.grace", drain.grace, "s", "as written", {}, written=True)
    elif drain.announce is not None:
        grace = round(drain.announce + longest_deadline + CLOSING, 9)
        announce, closing = format_duration(drain.announce), format_duration(CLOSING)
        result = format_duration(grace)
        formula = f"announce + longest deadline + closing = {announce} + {shown} + {closing} = {result}"
        inputs = {"drain.announce": announce, "the longest deadline": shown}
        yield Derived("drain.grace", grace, "s", formula, inputs)


def findings(ground: Ground) -> Iterator[Finding]:
    """Yield each step that does not end before the one that contains it."""
    budget = ground.budget
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
        ramp = dependency.breaker.ramp or 0.0
        if opened is not None and recovery is not None and opened + ramp >= recovery:
            closing = f" and closes over {format_duration(ramp)}" if ramp else ""
            yield ground.finding(
                f"dependency.{name}.breaker.open",
                f"it is left alone for {format_duration(opened)}{closing}, and objective.recovery promises "
                f"{format_duration(recovery)}",
            )
    yield from leaving(ground)


def leaving(ground: Ground) -> Iterator[Finding]:
    """Yield each step of the drain that does not end before the one that contains it.

    No service starts with one of these: the first SIGTERM would lose requests.
    """
    drain, longest = ground.budget.drain, ground.budget.deadline.longest
    announce, grace, termination = drain.announce or 0.0, drain.grace, drain.termination
    if longest is not None and grace is not None and announce + longest >= grace:
        yield ground.finding(
            "drain.grace",
            f"{format_duration(grace)} is not above announce + longest deadline "
            f"({format_duration(round(announce + longest, 9))}): requests would be cut",
        )
    if termination is None:
        return
    if grace is None and longest is not None and drain.announce is not None:
        grace = announce + longest + CLOSING
    least = announce if grace is None else grace + LAST_RESORT
    if least >= termination:
        what = "announce" if grace is None else f"grace + {format_duration(LAST_RESORT)} to kill"
        yield ground.finding(
            "drain.termination",
            f"{format_duration(termination)} is not above {what} ({format_duration(round(least, 9))}): "
            "the platform would cut the drain off",
        )
