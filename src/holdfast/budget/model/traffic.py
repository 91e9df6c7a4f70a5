"""[traffic]: what users send, and how much of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import model_validator

from holdfast.budget.metadata import Decision, Fact, Option
from holdfast.budget.model.references import OWN_MEASUREMENT
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.model.sending import Request, Scenario, Sent
from holdfast.budget.path import KeyPath
from holdfast.budget.units import Duration, Factor, Rate, Ratio, format_duration

__all__ = ["Spike", "Traffic"]


class Spike(Section):
    """How the steady load is exceeded for moments."""

    times: Annotated[Factor, Fact("How many times the steady rate it has.")]
    lasts: Annotated[Duration, Fact("How long it lasts.")]
    every: Annotated[Duration, Fact("How far apart two of them begin; the first is as far from the start.")]

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.lasts >= self.every:
            lasts, every = format_duration(self.lasts), format_duration(self.every)
            raise contradiction(f"lasts ({lasts}) is not below every ({every})", "lasts")
        return self


class Traffic(Section):
    """What users send, and how much of it."""

    peak: Annotated[
        Rate | None,
        Decision(
            "How many requests a second arrive in the busiest minute?",
            "Pools, admission limits, retries and the gate's load are all sized for it.",
            "engineering, from measurements; product, for plans",
            (
                Option("200/s", "the busiest minute of the last quarter, as measured", OWN_MEASUREMENT),
                Option(
                    "400/s",
                    "twice the measured peak, where growth or a campaign is expected",
                    OWN_MEASUREMENT,
                ),
            ),
            required=True,
        ),
    ] = None
    burst: Annotated[
        Factor | None,
        Decision(
            "By how much may a few seconds exceed the busiest minute?",
            "Averages hide bursts: the limits have to let them through, the queue has to hold them.",
            "engineering, from measurements",
            (
                Option(
                    "2.0",
                    "user traffic without timers or batch jobs, as measured by the second",
                    OWN_MEASUREMENT,
                ),
                Option("5.0", "callers with timers, cron jobs or a push to many phones", OWN_MEASUREMENT),
            ),
        ),
    ] = None
    request: Annotated[
        tuple[Request, ...],
        Decision(
            "Which requests do users send, and in which proportions?",
            "The gate sends this mix: a route that is not in it is not tested, and one with too little "
            "weight hides behind the others.",
            "engineering, from the access log",
            (
                Option(
                    '[{ send = "GET /products/{1..500}", weight = 9 }, { send = "POST /orders" }]',
                    "the routes that make up 95% of the busiest hour, by their counts there",
                    OWN_MEASUREMENT,
                ),
            ),
        ),
    ] = ()
    scenario: Annotated[
        tuple[Scenario, ...],
        Fact("Users who send several requests, one after the answer to another, beside `request`."),
    ] = ()
    arrivals: Annotated[
        Literal["poisson", "constant"],
        Fact('Users that know nothing of each other arrive "poisson", timers "constant".'),
    ] = "poisson"
    ramp: Annotated[
        Duration | None,
        Decision(
            "How long does the load take to rise or fall from one phase of the gate to the next?",
            "Without it the next phase is there at once: nothing that scales with load has time to.",
            "engineering, from measurements",
            (Option("10s", "as fast as the load rises on a usual morning", OWN_MEASUREMENT),),
        ),
    ] = None
    spike: Annotated[
        Spike | None,
        Decision(
            "By how much is the steady load exceeded for moments, how long, and how often?",
            "Queues and pools that hold the average are filled and emptied by moments. The objectives are "
            "then judged with the spikes in.",
            "engineering, from measurements",
            (
                Option(
                    '{ times = 3.0, lasts = "1s", every = "10s" }',
                    "the busiest second over the busiest minute, as measured",
                    OWN_MEASUREMENT,
                ),
            ),
        ),
    ] = None
    new_connections: Annotated[
        Ratio | None,
        Decision(
            "Which share of the requests comes on a new connection?",
            "Accepting a connection costs CPU, and TLS more; without it connections are kept and shared.",
            "engineering, from measurements",
            (
                Option("10%", "browsers and phones that send about ten requests a visit", OWN_MEASUREMENT),
                Option("100%", "clients without keep-alive", OWN_MEASUREMENT),
            ),
        ),
    ] = None

    def keyed(self) -> Iterator[tuple[KeyPath, Sent]]:
        """Yield all that is sent, steps included, each with its key."""
        for index, request in enumerate(self.request):
            yield ("traffic", "request", index), request
        for index, scenario in enumerate(self.scenario):
            for number, step in enumerate(scenario.steps):
                yield ("traffic", "scenario", index, "steps", number), step

    def sent(self) -> Iterator[tuple[Sent, int]]:
        """Yield all that is sent, steps included, each with its share relative to the others."""
        yield from ((request, request.weight) for request in self.request)
        for scenario in self.scenario:
            yield from ((step, scenario.weight) for step in scenario.steps)
