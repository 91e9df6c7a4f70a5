"""[admission]: who enters."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WrapValidator, model_validator

from holdfast.budget.metadata import Decision, Derivable, Fact, Mechanism, Option
from holdfast.budget.model.mode import ModeName, RouteModes
from holdfast.budget.model.references import CODEL, FOLLY_CODEL, SRE_OVERLOAD
from holdfast.budget.model.route import Route
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Duration, Pause, Whole, format_duration, parse_count

__all__ = ["ALGORITHMS", "Admission", "Classes"]

ALGORITHMS = ("adaptive", "gradient", "vegas", "aimd")
"""What finds the limit where no number is written; the first unless another is named."""


def _limit(value: Any, number: Callable[[Any], int]) -> int | str:
    if isinstance(value, str) and not value.strip().isdecimal():
        if value in ALGORITHMS:
            return value
        names = ", ".join(f'"{name}"' for name in ALGORITHMS)
        raise ValueError(f'expected a whole number of at least 1, or one of {names}, got "{value}"')
    return number(value)


def _header(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):
        raise ValueError(f'expected the name of a header, such as "x-priority", got "{value}"')
    return value.lower()


class Classes(Section):
    """Which requests an overload spares, and which it takes first; the rest is normal."""

    critical: Annotated[
        tuple[Route, ...],
        Decision(
            "Which requests have to be served as long as anything is?",
            "In an overload the critical ones go first. If most of the traffic is critical, nothing is.",
            "product",
            (
                Option(
                    '["POST /orders"]', "what earns the money; what others cannot do without", SRE_OVERLOAD
                ),
            ),
        ),
    ] = ()
    sheddable: Annotated[
        tuple[Route, ...],
        Decision(
            "Which requests may be refused first?",
            "Batch jobs, reports and prefetches come again by themselves, and nobody waits for them.",
            "product",
            (Option('["GET /report"]', "reports, exports, crawlers, what a page prefetches", SRE_OVERLOAD),),
        ),
    ] = ()

    caller: Annotated[
        dict[str, Literal["critical", "normal", "sheddable"]],
        Fact(
            "Whose requests are of another class than their route, by what the key of `hold.fair` returns: a "
            "tenant, a plan. Known after authentication, so that it counts from there on."
        ),
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        for route in self.critical:
            if route in self.sheddable:
                raise contradiction(f'"{route}" is both critical and sheddable', "critical", "sheddable")
        return self

    def __bool__(self) -> bool:
        """Whether any request is classified before it is let in."""
        return bool(self.critical or self.sheddable)


class Admission(Section):
    """How many requests are worked on at a time, how many may wait, and which go first."""

    model_config = ConfigDict(serialize_by_alias=True)

    mode: Annotated[
        ModeName,
        Fact(
            "How far it goes: `observe` lets everybody in and counts who would have waited or been refused; "
            "`off` knows no limit."
        ),
    ] = "enforce"
    route_mode: Annotated[
        RouteModes,
        Fact("The same for single routes. Who is let in for that counts towards the limit all the same."),
    ] = Field(default_factory=dict)
    limit: Annotated[
        int | str | None,
        BeforeValidator(parse_count),
        WrapValidator(_limit),
        Derivable(
            "Requests worked on at a time. A number holds for the whole service, divided by workers and "
            'replicas. `"adaptive"`, or `"gradient"`, `"vegas"`, `"aimd"`: each worker finds its own.',
            "adaptive, from Little's law on: peak x burst x p99",
        ),
    ] = None
    queue: Annotated[
        Whole | None,
        Derivable(
            "Requests that may wait, over the whole service; divided by workers and replicas.",
            "what the limit serves within the wait: limit x wait / p99",
        ),
    ] = None
    wait: Annotated[
        Pause, Mechanism("How long a request may wait before it is refused: CoDel's interval.", CODEL)
    ] = 0.1
    target: Annotated[
        Duration,
        Mechanism(
            "CoDel's target. Nobody waits for longer than twice this while the queue does not empty.",
            FOLLY_CODEL,
        ),
    ] = 0.005
    late: Annotated[
        Duration | None,
        Derivable(
            "A loop that is later than this for as long as `wait` is overloaded whatever the limit says, and "
            "the door closes until it has caught up.",
            "a fifth of p99, at least `wait`",
        ),
    ] = None
    classes: Classes = Field(default_factory=Classes, alias="class")
    class_header: Annotated[
        Annotated[str, AfterValidator(_header)] | None,
        Fact(
            "A header that says the class (`critical`, `normal`, `sheddable`); believed from `trust.callers` "
            "only."
        ),
    ] = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if "target" in self.model_fields_set and 0 < self.wait < self.target:
            target, wait = format_duration(self.target), format_duration(self.wait)
            raise contradiction(f"target ({target}) is above wait ({wait})", "target", "wait")
        return self
