"""[ratelimit.NAME]: how often one caller may call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from holdfast.budget.metadata import Decision, Derivable, Fact, Mechanism, Option
from holdfast.budget.model.dependency import Dependency
from holdfast.budget.model.mode import ModeName
from holdfast.budget.model.references import (
    GITHUB_LIMITS,
    OWASP_CONSUMPTION,
    OWN_CONTRACT,
    OWN_MEASUREMENT,
    REDIS_LATENCY,
    STRIPE_LIMITERS,
)
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.path import dotted
from holdfast.budget.units import PERIODS, Count, Duration

__all__ = ["MEMORY", "RateLimit", "check", "parse_limit"]

MEMORY = "memory"

_LIMIT = re.compile(r"\s*(\d[\d_]*)\s*/\s*(\d[\d_]*)?\s*([a-z]+)\s*")
_ROUTE = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (/\S*)")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")


def parse_limit(text: str) -> tuple[int, int]:
    """Return the calls and the seconds of "100/min" or "100/15min".

    Raises ValueError that says what was expected.
    """
    found = _LIMIT.fullmatch(text)
    if found is not None and found[3] in PERIODS:
        calls, periods = int(found[1].replace("_", "")), int((found[2] or "1").replace("_", ""))
        if calls and periods:
            return calls, periods * PERIODS[found[3]]
    raise ValueError(f'expected calls in a period, such as "10/s", "1000/h" or "100/15min", got "{text}"')


def _limit(value: str) -> str:
    parse_limit(value)
    return "".join(value.split())


def _route(value: str) -> str:
    if not _ROUTE.fullmatch(value):
        raise ValueError(
            f'expected a method and a path as the app has it, such as "POST /orders", got "{value}"'
        )
    return value


def _header(value: str) -> str:
    if not _HEADER.fullmatch(value.lower()):
        raise ValueError(f'expected the name of a header, such as "x-api-key", got "{value}"')
    return value.lower()


class RateLimit(Section):
    """How often one caller may call; whoever calls more often is refused with 429."""

    limits: Annotated[
        tuple[Annotated[str, AfterValidator(_limit)], ...],
        Decision(
            "How many calls may one caller make, in which period?",
            "One caller's excess must not be everybody's overload. Several limits hold together: a short one "
            "for bursts, a long one for volume. A call that one of them refuses counts in none.",
            "product, with engineering",
            (
                Option('["100/s"]', "Stripe's limit for one account's calls", STRIPE_LIMITERS),
                Option('["5000/h"]', "GitHub's limit for one authenticated user", GITHUB_LIMITS),
                Option(
                    '["10/s", "1000/h"]', "a few times what the busiest good caller does", OWN_MEASUREMENT
                ),
            ),
            required=True,
        ),
    ] = ()
    burst: Annotated[
        Count | None,
        Derivable("Calls that may come at once.", "all calls of a period"),
    ] = None
    key: Annotated[
        Literal["principal", "api-key", "client"],
        Fact(
            "Who a caller is: `principal`, whom the app has authenticated; `api-key`, the key in a header, "
            "believed as it comes; `client`, the address, through the proxies that [trust] names."
        ),
    ]
    header: Annotated[
        Annotated[str, AfterValidator(_header)], Fact("The header of the API key, `x-api-key` by default.")
    ] = "x-api-key"
    routes: Annotated[
        tuple[Annotated[str, AfterValidator(_route)], ...],
        Fact(
            "Routes that it applies to, before their body is read; others name it by "
            "`Depends(hold.ratelimit(...))`."
        ),
    ] = ()
    store: Annotated[
        str, Fact("Where calls are counted: `memory` (by default) or the name of a Redis dependency.")
    ] = MEMORY
    per_worker: Annotated[
        bool,
        Fact(
            "With `memory` and several workers: that each counts alone, a share of the numbers each. Without "
            "it such a service does not start."
        ),
    ] = False
    unavailable: Annotated[
        Literal["open", "closed", "local"] | None,
        Decision(
            "What becomes of calls while Redis does not answer?",
            "Without a limit the service is open to abuse; without calls it is down because a helper is.",
            "product, with security",
            (
                Option(
                    '"open"', "the limit is a courtesy, and admission protects the service", STRIPE_LIMITERS
                ),
                Option(
                    '"local"', "each worker counts alone then, a share of the numbers each", STRIPE_LIMITERS
                ),
                Option('"closed"', "the limit is what was sold, or guards a password", OWN_CONTRACT),
            ),
            required=("redis",),
        ),
    ] = None
    wait: Annotated[
        Duration,
        Mechanism(
            "How long a call waits for Redis, within its deadline: far above what it takes in order.",
            REDIS_LATENCY,
        ),
    ] = 0.1
    keys: Annotated[
        Count,
        Mechanism(
            "Callers that one worker remembers; beyond, who called longest ago starts afresh.",
            OWASP_CONSUMPTION,
        ),
    ] = 100_000
    mode: Annotated[
        ModeName,
        Fact("`observe` counts what it would refuse, and refuses nothing. By default it enforces."),
    ] = "enforce"

    @property
    def kind(self) -> str:
        """The kind of the store, which says what has to be decided."""
        return MEMORY if self.store == MEMORY else "redis"

    @model_validator(mode="after")
    def _possible(self) -> Self:
        seconds = [parse_limit(text)[1] for text in self.limits]
        if len(set(seconds)) < len(seconds):
            raise contradiction("two limits have the same period: the higher one never refuses", "limits")
        if self.store == MEMORY and self.unavailable is not None:
            raise contradiction("memory is never unavailable: leave the key out", "unavailable", "store")
        if self.store != MEMORY and self.per_worker:
            raise contradiction(
                f'"{self.store}" counts for all workers: leave per_worker out', "per_worker", "store"
            )
        return self


def check(limits: Mapping[str, RateLimit], dependencies: Mapping[str, Dependency]) -> None:
    """Raise where rate limits contradict each other or name a store that is none."""
    on_route: dict[str, str] = {}
    redis = ", ".join(name for name, section in dependencies.items() if section.kind == "redis") or "none"
    for name, section in limits.items():
        found = dependencies.get(section.store)
        if section.store != MEMORY and (found is None or found.kind != "redis"):
            at = dotted(("ratelimit", name, "store"))
            raise contradiction(f'no Redis dependency is named "{section.store}"; known: {redis}', at)
        for route in section.routes:
            other = on_route.setdefault(route, name)
            if limits[other].store != section.store:
                at = dotted(("ratelimit", name, "routes"))
                message = (
                    f'"{route}": {other} counts in {limits[other].store} and {name} in {section.store}; '
                    "what one refuses, the other could not take back"
                )
                raise contradiction(message, at)
