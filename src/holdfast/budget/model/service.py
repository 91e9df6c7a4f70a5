"""[service]: what runs, and how many of it."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from holdfast.budget.metadata import Derivable, Fact, Mechanism
from holdfast.budget.model.references import (
    GUNICORN_MAX_REQUESTS,
    KUBERNETES_DEPLOYMENT,
    UVICORN_DEPLOYMENT,
    UVICORN_SETTINGS,
)
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Count, Duration, Ratio, Whole

__all__ = ["Replicas", "Service"]


def _importable(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(\(\))?", value):
        raise ValueError(f'expected a module and an attribute, such as "shop.main:app", got "{value}"')
    return value


class Replicas(Section):
    """How many instances of the service run at a time."""

    min: Annotated[Count, Mechanism("Instances at the least.", KUBERNETES_DEPLOYMENT)] = 1
    max: Annotated[Count, Mechanism("Instances at the most; they carry the peak.", KUBERNETES_DEPLOYMENT)] = 1
    surge: Annotated[
        Whole,
        Mechanism(
            "Instances beyond `max` while a deployment runs; their connections count too. "
            "Kubernetes' own default is a quarter of the replicas, rounded up.",
            KUBERNETES_DEPLOYMENT,
        ),
    ] = 1

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise contradiction(f"min ({self.min}) is above max ({self.max})", "min", "max")
        return self


class Service(Section):
    """What runs, and how many of it."""

    name: Annotated[str | None, Fact("The service's name in reports and metrics.")] = None
    app: Annotated[
        Annotated[str, AfterValidator(_importable)] | None,
        Fact('Where the ASGI application is, as "module:attribute".'),
    ] = None
    replicas: Replicas = Field(default_factory=Replicas)
    workers: Annotated[
        Count | None,
        Derivable(
            "Worker processes in one replica.", "one for each whole core that the cgroup grants, at least 1"
        ),
    ] = None
    server: Annotated[
        Literal["gunicorn", "uvicorn", "granian"],
        Mechanism("What serves HTTP; all three are supervised alike.", UVICORN_DEPLOYMENT),
    ] = "gunicorn"
    keepalive: Annotated[
        Duration,
        Mechanism(
            "How long an idle connection is kept; longer than a balancer in front keeps it.",
            UVICORN_SETTINGS,
        ),
    ] = 5.0
    max_requests: Annotated[
        Whole,
        Mechanism(
            "Requests after which a worker is replaced, against slow leaks; 0 never.", GUNICORN_MAX_REQUESTS
        ),
    ] = 0
    max_requests_jitter: Annotated[
        Ratio,
        Mechanism(
            "A random share on top of `max_requests`, so that workers do not go at the same time.",
            GUNICORN_MAX_REQUESTS,
        ),
    ] = 0.1
