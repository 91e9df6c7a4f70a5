"""[cache.NAME]: for how long what was computed is served, and what may be done with it afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from holdfast.budget.metadata import Decision, Fact, Mechanism, Option
from holdfast.budget.model.dependency import Dependency
from holdfast.budget.model.ratelimit import MEMORY
from holdfast.budget.model.references import (
    AWS_CACHING,
    CLIENT_GO_LEASE,
    OWN_MEASUREMENT,
    REDIS_LATENCY,
    RFC_2308,
    RFC_5861,
)
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.path import dotted
from holdfast.budget.units import Bytes, Duration, format_duration

__all__ = ["Cache", "check_caches"]


def _tenant(value: str) -> str:
    if not re.fullmatch(r"one|state [A-Za-z_]\w*|header [!-~]+", value):
        raise ValueError(f'expected "state NAME", "header NAME" or "one", got "{value}"')
    return value


class Cache(Section):
    """Values that were computed once, and are served again."""

    ttl: Annotated[
        Duration | None,
        Decision(
            "For how long may an answer be out of date?",
            "What a change does not invalidate is seen that much later. Every value is served for a little "
            "less: what was stored together does not expire together.",
            "product, with engineering",
            (
                Option("60s", "lists and pages that nobody acts on to the second", AWS_CACHING),
                Option("5s", "hot keys: a rate becomes one computation in five seconds", AWS_CACHING),
            ),
            required=True,
        ),
    ] = None
    stale: Annotated[
        Duration | None,
        Decision(
            "For how long after that may it be served while it is computed anew, or because that fails?",
            "An old answer in time, or no answer. Without a number nothing is served beyond its ttl.",
            "product",
            (
                Option("5m", "an outage of what is behind it is bridged", RFC_5861),
                Option("30s", "nobody waits for a computation that others need too", RFC_5861),
            ),
        ),
    ] = None
    negative: Annotated[
        Duration | None,
        Decision(
            "For how long is remembered that something does not exist?",
            "Who asks for what is not there asks again, and each time the database. What comes into being is "
            "seen that much later.",
            "engineering",
            (Option("5s", "misspelt and removed ids that are asked for again and again", RFC_2308),),
        ),
    ] = None
    bytes: Annotated[
        Bytes | None,
        Decision(
            "How much memory may it take in each worker?",
            "An unbounded cache ends in the out-of-memory killer. Each worker has its own: the service takes "
            "workers x replicas of it.",
            "engineering",
            (Option("64MiB", "a small share of the keys is most of the traffic", OWN_MEASUREMENT),),
            required=True,
        ),
    ] = None
    store: Annotated[
        str,
        Fact(
            "Where values are kept beside the worker's memory: the name of a Redis dependency; `memory` (by "
            "default) is nowhere else."
        ),
    ] = MEMORY
    tenant: Annotated[
        Annotated[str, AfterValidator(_tenant)],
        Fact(
            'Whose values they are: "one" (by default) where the arguments say all, "state NAME" (of '
            'request.state, set by the authentication) or "header NAME" (of whoever stands in front and is '
            "trusted)."
        ),
    ] = "one"
    lease: Annotated[
        Duration,
        Mechanism(
            "How long a worker that says nothing is believed to compute; renewed every third of it.",
            CLIENT_GO_LEASE,
        ),
    ] = 15.0
    wait: Annotated[
        Duration,
        Mechanism(
            "How long a lookup waits for Redis: far above what it takes in order.",
            REDIS_LATENCY,
        ),
    ] = 0.1
    mode: Annotated[
        Literal["enforce", "observe", "off"],
        Fact("`observe` keeps values and counts what it would serve, and computes every time."),
    ] = "enforce"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.ttl is not None and self.negative is not None and self.negative > self.ttl:
            negative, ttl = format_duration(self.negative), format_duration(self.ttl)
            raise contradiction(f"negative ({negative}) is above ttl ({ttl})", "negative", "ttl")
        return self


def check_caches(caches: Mapping[str, Cache], dependencies: Mapping[str, Dependency]) -> None:
    """Raise where a cache names a store that is none."""
    redis = ", ".join(name for name, section in dependencies.items() if section.kind == "redis") or "none"
    for name, section in caches.items():
        found = dependencies.get(section.store)
        if section.store != MEMORY and (found is None or found.kind != "redis"):
            at = dotted(("cache", name, "store"))
            raise contradiction(f'no Redis dependency is named "{section.store}"; known: {redis}', at)
