"""[deadline]: how long a request may take."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from holdfast.budget.metadata import Decision, Derivable, Fact, Option
from holdfast.budget.model.mode import ModeName, RouteModes
from holdfast.budget.model.references import NIELSEN, SRE_CASCADING
from holdfast.budget.model.route import Route
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Duration, format_duration

__all__ = ["Deadline"]


class Deadline(Section):
    """How long a request may take before it is answered with 504."""

    mode: Annotated[
        ModeName,
        Fact(
            "How far it goes: `observe` counts the requests that would have been answered with 504, and no "
            "deadline is in force in them; `off` knows none."
        ),
    ] = "enforce"
    route_mode: Annotated[RouteModes, Fact("The same for single routes.")] = Field(default_factory=dict)
    default: Annotated[
        Duration | None,
        Decision(
            "After how long is an answer of no use any more?",
            "Work for callers who gave up is the commonest way for an overload to last. It is above p99, so "
            "that slow but useful answers still arrive, and every timeout below has to fit in it.",
            "engineering, with the callers",
            (
                Option("2s", "interactive APIs: a few times p99", SRE_CASCADING),
                Option("10s", "the limit at which users stay with it at all; reports and exports", NIELSEN),
            ),
            required=True,
        ),
    ] = None
    cap: Annotated[
        Duration | None,
        Derivable("The longest deadline that a caller may ask for by header.", "deadline.default"),
    ] = None
    route: Annotated[
        dict[Route, Duration],
        Decision(
            "For which routes is an answer of use for longer, or only for less long?",
            "One deadline for all is too long for a lookup or too short for a report. It stands in for the "
            "default there, and for the cap where it is above it.",
            "engineering, with the callers",
            (
                Option("20s", "reports and exports that somebody waits for", NIELSEN),
                Option("500ms", "what a page asks for in passing, and does without", SRE_CASCADING),
            ),
        ),
    ] = Field(default_factory=dict)

    @property
    def longest(self) -> float | None:
        """The longest that any request may take, in seconds; None where nothing is decided."""
        known = (self.default, self.cap, *self.route.values())
        return max((seconds for seconds in known if seconds is not None), default=None)

    def of(self, route: str) -> float | None:
        """Return the deadline of `route` in seconds, None where there is none."""
        return self.route.get(route, self.default)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.default is not None and self.cap is not None and self.default > self.cap:
            message = f"default ({format_duration(self.default)}) is above cap ({format_duration(self.cap)})"
            raise contradiction(message, "default", "cap")
        if self.route and self.default is None:
            raise contradiction("a route has a deadline, and the others have none: decide default", "route")
        return self
