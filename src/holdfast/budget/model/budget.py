"""The budget as a whole."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from holdfast.budget.model.audit import Audit
from holdfast.budget.model.cache import Cache, check_caches
from holdfast.budget.model.connection import Connection
from holdfast.budget.model.deadline import Deadline
from holdfast.budget.model.deferral import Deferral
from holdfast.budget.model.dependency import Dependency, check_replicas
from holdfast.budget.model.disconnect import Disconnect
from holdfast.budget.model.door import Admission
from holdfast.budget.model.drain import Drain
from holdfast.budget.model.health import Health
from holdfast.budget.model.idempotency import Idempotency
from holdfast.budget.model.log import Log
from holdfast.budget.model.loop import Loop
from holdfast.budget.model.objective import Objective
from holdfast.budget.model.offload import Offload
from holdfast.budget.model.ratelimit import RateLimit
from holdfast.budget.model.ratelimit import check as check_rate_limits
from holdfast.budget.model.regression import Regression
from holdfast.budget.model.response import Response, check_responses
from holdfast.budget.model.retries import Retries
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.model.service import Service
from holdfast.budget.model.sli import Sli
from holdfast.budget.model.surface import Surface
from holdfast.budget.model.trace import Trace
from holdfast.budget.model.traffic import Traffic
from holdfast.budget.model.trust import Trust
from holdfast.budget.model.upload import Upload
from holdfast.budget.model.websocket import WebSocket
from holdfast.budget.path import dotted
from holdfast.budget.units import format_duration

__all__ = ["Budget"]


def _named(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", value):
        raise ValueError(
            f'expected a name of letters, digits, "_" and "-", such as "payments", got "{value}"'
        )
    return value


class Budget(Section):
    """Every number that a service needs to survive; None where nobody has decided yet."""

    service: Service = Field(default_factory=Service)
    objective: Objective = Field(default_factory=Objective)
    sli: Sli = Field(default_factory=Sli)
    traffic: Traffic = Field(default_factory=Traffic)
    dependency: dict[Annotated[str, AfterValidator(_named)], Dependency] = Field(default_factory=dict)
    retry: Retries = Field(default_factory=Retries)
    cache: dict[Annotated[str, AfterValidator(_named)], Cache] = Field(default_factory=dict)
    response: dict[Annotated[str, AfterValidator(_named)], Response] = Field(default_factory=dict)
    admission: Admission = Field(default_factory=Admission)
    connection: Connection = Field(default_factory=Connection)
    deadline: Deadline = Field(default_factory=Deadline)
    disconnect: Disconnect = Field(default_factory=Disconnect)
    offload: Offload = Field(default_factory=Offload)
    websocket: WebSocket = Field(default_factory=WebSocket)
    drain: Drain = Field(default_factory=Drain)
    health: Health = Field(default_factory=Health)
    idempotency: Idempotency | None = None
    loop: Loop = Field(default_factory=Loop)
    log: Log = Field(default_factory=Log)
    trace: Trace = Field(default_factory=Trace)
    trust: Trust = Field(default_factory=Trust)
    ratelimit: dict[Annotated[str, AfterValidator(_named)], RateLimit] = Field(default_factory=dict)
    upload: dict[Annotated[str, AfterValidator(_named)], Upload] = Field(default_factory=dict)
    surface: Surface = Field(default_factory=Surface)
    regression: Regression = Field(default_factory=Regression)
    audit: Audit = Field(default_factory=Audit)
    source: dict[str, str] = Field(default_factory=dict)
    deferred: dict[str, Deferral] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _within_the_deadline(self) -> Self:
        """Answers later than the deadline do not exist, so no objective lies there."""
        promised = {"objective.p99": (self.objective.p99, "deadline.default", self.deadline.default)}
        for route, objective in self.objective.route.items():
            written = route in self.deadline.route
            at = dotted(("deadline", "route", route)) if written else "deadline.default"
            path = dotted(("objective", "route", route, "p99"))
            promised[path] = (objective.p99, at, self.deadline.of(route))
        for path, (p99, at, limit) in promised.items():
            if limit is not None and p99 is not None and p99 > limit:
                message = f"{path} ({format_duration(p99)}) is above {at} ({format_duration(limit)})"
                raise contradiction(message, path, at)
        return self

    @model_validator(mode="after")
    def _limited(self) -> Self:
        """Rate limits that share a route share a store, and stores exist."""
        check_rate_limits(self.ratelimit, self.dependency)
        return self

    @model_validator(mode="after")
    def _cached(self) -> Self:
        """Stores of caches exist."""
        check_caches(self.cache, self.dependency)
        return self

    @model_validator(mode="after")
    def _kept(self) -> Self:
        """Caches that keep responses exist."""
        check_responses(self.response, self.cache)
        return self

    @model_validator(mode="after")
    def _declared(self) -> Self:
        """Names of dependencies that other sections mention exist."""
        known = ", ".join(self.dependency) or "none"
        for name in self.objective.without:
            if name not in self.dependency:
                at = dotted(("objective", "without", name))
                raise contradiction(f'no dependency is named "{name}"; known: {known}', at)
        check_replicas(self.dependency)
        for name in self.health.dependencies:
            if name not in self.dependency:
                raise contradiction(f'no dependency is named "{name}"; known: {known}', "health.dependencies")
        store = None if self.idempotency is None else self.idempotency.store
        if store is not None and store not in self.dependency:
            raise contradiction(f'no dependency is named "{store}"; known: {known}', "idempotency.store")
        for key, sent in self.traffic.keyed():
            for name in sent.needs:
                if name not in self.dependency:
                    at = dotted((*key, "needs"))
                    raise contradiction(f'no dependency is named "{name}"; known: {known}', at)
        return self
