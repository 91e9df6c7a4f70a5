"""[health]: when an instance says that it is not ready, and when it is again."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from holdfast.budget.metadata import Decision, Fact, Mechanism, Option
from holdfast.budget.model.references import (
    AWS_HEALTH,
    AWS_SHEDDING,
    ENVOY_OUTLIERS,
    KUBERNETES_PROBES,
    SCHMITT,
    SRE_CASCADING,
)
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Duration, Ratio, format_duration

__all__ = ["Health"]


class Health(Section):
    """When an instance says that it is not ready.

    A drain and a loop that stands still always do. What is shared by all instances (a dependency, a peak)
    turns all of them away at the same time, so it does so only where it is written here.
    """

    saturation: Annotated[
        Duration | None,
        Decision(
            "After how long of refusing should a balancer send traffic elsewhere?",
            "An instance that refuses already protects itself. Unready it sends its share to the others, who "
            "may follow: only useful where the load is uneven. Without it, refusing never makes unready.",
            "engineering, with whoever runs the platform",
            (
                Option("30s", "uneven load, other instances have room", AWS_SHEDDING),
                Option("5s", "many small instances behind a fast balancer", SRE_CASCADING),
            ),
        ),
    ] = None
    lag: Annotated[
        Duration | None,
        Decision(
            "How late may the event loop be, for as long as `after`, before traffic should go elsewhere?",
            "The same holds as for saturation. A loop that does not turn at all is always unready.",
            "engineering",
            (Option("1s", "far above what a request may take", AWS_HEALTH),),
        ),
    ] = None
    dependencies: Annotated[
        tuple[str, ...],
        Fact(
            "Dependencies without which this instance can answer nothing: while their breaker is open, it is "
            "unready. A shared one takes all instances away at the same time."
        ),
    ] = ()
    after: Annotated[
        Duration,
        Mechanism(
            "How long a loop has been late, or a dependency gone, before it counts.", KUBERNETES_PROBES
        ),
    ] = 5.0
    recover: Annotated[
        Duration,
        Mechanism("How long everything has been well before it is ready again.", KUBERNETES_PROBES),
    ] = 5.0
    least: Annotated[
        Duration,
        Mechanism(
            "How long it stays ready, or unready, at the least; a drain does not wait for it.", ENVOY_OUTLIERS
        ),
    ] = 10.0
    clear: Annotated[
        Ratio,
        Mechanism(
            "The share of `lag` below which a loop is well again: between the two nothing changes.", SCHMITT
        ),
    ] = 0.5

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.clear:
            raise contradiction("clear is 0%: a late loop would never be well again", "clear")
        if self.lag is not None and self.saturation is not None and self.saturation < self.lag:
            message = (
                f"saturation ({format_duration(self.saturation)}) is below lag "
                f"({format_duration(self.lag)}): a late loop refuses before it is called late"
            )
            raise contradiction(message, "saturation", "lag")
        return self
