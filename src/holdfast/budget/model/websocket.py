"""[websocket]: how many may be open."""

from __future__ import annotations

from typing import Annotated

from holdfast.budget.metadata import Decision, Fact, Option
from holdfast.budget.model.mode import ModeName
from holdfast.budget.model.references import OWN_MEASUREMENT
from holdfast.budget.model.section import Section
from holdfast.budget.units import Count

__all__ = ["WebSocket"]


class WebSocket(Section):
    """How many WebSockets may be open at a time."""

    mode: Annotated[
        ModeName,
        Fact("How far it goes: `observe` counts who would have been refused; `off` knows no limit."),
    ] = "enforce"
    limit: Annotated[
        Count | None,
        Decision(
            "How many WebSockets may be open at a time, over the whole service?",
            "An open one costs memory and a share of every broadcast, not a place among the requests that "
            "are worked on. Unbounded, whoever opens them takes the memory of all.",
            "engineering",
            (
                Option("1000", "what a worker was measured to hold, times the workers", OWN_MEASUREMENT),
                Option("10000", "mostly idle ones, over several replicas", OWN_MEASUREMENT),
            ),
        ),
    ] = None
