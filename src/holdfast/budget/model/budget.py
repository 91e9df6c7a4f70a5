"""The budget as a whole."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from holdfast.budget.model.deferral import Deferral
from holdfast.budget.model.dependency import Dependency
from holdfast.budget.model.door import Admission, Deadline, Drain
from holdfast.budget.model.loop import Loop
from holdfast.budget.model.objective import Objective
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.model.service import Service
from holdfast.budget.model.sli import Sli
from holdfast.budget.model.traffic import Traffic
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
    admission: Admission = Field(default_factory=Admission)
    deadline: Deadline = Field(default_factory=Deadline)
    drain: Drain = Field(default_factory=Drain)
    loop: Loop = Field(default_factory=Loop)
    source: dict[str, str] = Field(default_factory=dict)
    deferred: dict[str, Deferral] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _within_the_deadline(self) -> Self:
        """Answers later than the deadline do not exist, so no objective lies there."""
        limit = self.deadline.default
        promised = {"objective.p99": self.objective.p99}
        promised |= {dotted(("objective", "route", r, "p99")): o.p99 for r, o in self.objective.route.items()}
        for path, p99 in promised.items():
            if limit is not None and p99 is not None and p99 > limit:
                message = (
                    f"{path} ({format_duration(p99)}) is above deadline.default ({format_duration(limit)})"
                )
                raise contradiction(message, path, "deadline.default")
        return self

    @model_validator(mode="after")
    def _declared(self) -> Self:
        """Names of dependencies that other sections mention exist."""
        known = ", ".join(self.dependency) or "none"
        for name in self.objective.without:
            if name not in self.dependency:
                at = dotted(("objective", "without", name))
                raise contradiction(f'no dependency is named "{name}"; known: {known}', at)
        for index, request in enumerate(self.traffic.request):
            for name in request.needs:
                if name not in self.dependency:
                    at = dotted(("traffic", "request", index, "needs"))
                    raise contradiction(f'no dependency is named "{name}"; known: {known}', at)
        return self
