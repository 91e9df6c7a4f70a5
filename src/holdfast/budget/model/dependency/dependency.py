"""[dependency.NAME]: what the service calls, what it may cost, and what happens without it."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from holdfast.budget.metadata import Decision, Fact, Option
from holdfast.budget.model.dependency.breaker import Breaker
from holdfast.budget.model.dependency.hedge import Hedge
from holdfast.budget.model.dependency.replica import Replica
from holdfast.budget.model.dependency.retry import Retry
from holdfast.budget.model.dependency.sql import Sql
from holdfast.budget.model.dependency.stand_in import StandIn
from holdfast.budget.model.dependency.throttle import Throttle
from holdfast.budget.model.dependency.timeout import Timeout
from holdfast.budget.model.references import (
    AWS_FALLBACK,
    HYSTRIX,
    LITTLE,
    LOAD_LEVELING,
    OWN_CONTRACT,
    OWN_MEASUREMENT,
    POSTGRES,
)
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.model.variable import Variable
from holdfast.budget.units import Count, Duration, Rate, Ratio, format_duration

__all__ = ["Dependency"]


def _answer(value: str) -> str:
    if not value.strip():
        raise ValueError('expected a status such as "503", or words for what the service answers instead')
    if value.isdecimal() and not re.fullmatch(r"[2-5]\d\d", value):
        raise ValueError(f'expected a status from 200 to 599, such as "503", got "{value}"')
    return value


class Dependency(Section):
    """What the service calls, what it may cost, and what happens without it."""

    kind: Annotated[
        Literal["http", "postgres", "mysql", "sqlite", "redis", "rabbitmq", "other"],
        Fact("Which protocol it speaks; `other` is called by coroutines of the app, see `hold.dependency`."),
    ]
    url_env: Annotated[
        Variable | None,
        Fact("The environment variable with its address; NAME_FILE names a file that holds it instead."),
    ] = None
    stand_in: StandIn | None = None
    mode: Annotated[
        Literal["enforce", "observe", "off"],
        Fact(
            "How far its policies go: `observe` counts what timeout, breaker, bulkhead and retries would "
            "have done, and lets every call through once."
        ),
    ] = "enforce"
    replica: Replica | None = None
    sql: Sql = Field(default_factory=Sql)
    timeout: Timeout = Field(default_factory=Timeout)
    breaker: Breaker = Field(default_factory=Breaker)
    throttle: Throttle = Field(default_factory=Throttle)
    retry: Retry = Field(default_factory=Retry)
    hedge: Hedge = Field(default_factory=Hedge)
    bulkhead: Annotated[
        Count | None,
        Decision(
            "How many calls may be in flight at a time, over the whole service?",
            "A slow dependency otherwise takes every request of the service with it. Little's law gives the "
            "least: calls a second times the seconds that each takes.",
            "engineering",
            (
                Option("10", "Hystrix' default, for one process", HYSTRIX),
                Option("20", "twice the calls in flight at the peak", LITTLE),
            ),
            required=("http", "other"),
        ),
    ] = None
    fallback: Annotated[
        Annotated[str, AfterValidator(_answer)] | None,
        Decision(
            "What does a user get when it cannot be used?",
            "A clear refusal, or an answer made without it: the acceptable degradation.",
            "product",
            (
                Option('"503"', "nothing sensible can be answered without it", AWS_FALLBACK),
                Option(
                    '"accepted, charged later"', "the work can be queued and done afterwards", LOAD_LEVELING
                ),
            ),
            required=("http", "other"),
        ),
    ] = None
    headroom: Annotated[
        Rate | None,
        Decision(
            "How many calls a second does it bear from this service?",
            "Peak, burst and retries together have to stay below it, or this service turns a slow dependency "
            "into a dead one.",
            "the dependency's owner",
            (
                Option("400/s", "the quota or rate limit that was agreed", OWN_CONTRACT),
                Option("300/s", "what a load test of it showed, with a margin", OWN_MEASUREMENT),
            ),
            required=("http",),
        ),
    ] = None
    availability: Annotated[
        Ratio | None,
        Decision(
            "Which availability does it promise?",
            "The service cannot promise more than what it cannot do without.",
            "the dependency's owner",
            (Option("99.9%", "as its contract says", OWN_CONTRACT),),
        ),
    ] = None
    max_connections: Annotated[
        Count | None,
        Decision(
            "How many connections does the server accept?",
            "The pools of all workers of all replicas, also during a deployment, have to fit.",
            "whoever runs the database",
            (
                Option("100", "PostgreSQL's default", POSTGRES),
                Option("20", "what PgBouncer or the provider's plan grants", OWN_CONTRACT),
            ),
            required=("postgres", "mysql"),
        ),
    ] = None
    held: Annotated[
        Duration | None,
        Decision(
            "How long does a request hold a connection?",
            "With the request rate it gives the pool's size, by Little's law.",
            "engineering, measured under load",
            (
                Option("8ms", "a few indexed reads, as measured at the pool", OWN_MEASUREMENT),
                Option("50ms", "a transaction with several writes, as measured", OWN_MEASUREMENT),
            ),
            required=("postgres", "mysql"),
        ),
    ] = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        """What is slow is seen before it is cut off; what hedges has a budget to do it from."""
        slow, total = self.breaker.slow, self.timeout.total
        if slow is not None and total is not None and slow >= total:
            late, cut = format_duration(slow), format_duration(total)
            message = f"breaker.slow ({late}) is not below timeout.total ({cut}): nothing would be slow"
            raise contradiction(message, "breaker.slow", "timeout.total")
        attempts = self.retry.attempts
        if self.hedge.percentile is not None and attempts == 1:
            raise contradiction(
                "hedge needs a second attempt, and retry.attempts is 1", "hedge.percentile", "retry.attempts"
            )
        return self
