"""[drain]: how everybody leaves."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from holdfast.budget.metadata import Decision, Derivable, Option
from holdfast.budget.model.references import (
    KUBERNETES_PROBES,
    KUBERNETES_TERMINATION,
    LEARNK8S_SHUTDOWN,
    OWN_CONTRACT,
    OWN_MEASUREMENT,
)
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Duration, Pause, format_duration

__all__ = ["Drain"]


class Drain(Section):
    """How the service leaves without losing a request."""

    announce: Annotated[
        Pause | None,
        Decision(
            "For how long does it say that it is leaving before it stops to accept?",
            "Load balancers learn of it by probing; until then they send requests to a closed door.",
            "whoever runs the platform",
            (
                Option(
                    "30s", "probes by Kubernetes' defaults: three failures, 10 s apart", KUBERNETES_PROBES
                ),
                Option("15s", "endpoints spread over many nodes and an ingress", LEARNK8S_SHUTDOWN),
                Option("0s", "no load balancer in front, as in a test", OWN_MEASUREMENT),
            ),
            required=True,
        ),
    ] = None
    grace: Annotated[
        Duration | None,
        Derivable(
            "How long after the signal the last request has to be answered; the platform allows more.",
            "announce + longest deadline + 2 s to close",
        ),
    ] = None
    termination: Annotated[
        Duration | None,
        Decision(
            "After how long does the platform kill what it asked to end?",
            "A drain that takes longer is cut off in the middle. Where it is written, `holdfast serve` does "
            "not start with a grace that does not fit into it.",
            "whoever runs the platform",
            (
                Option("30s", "terminationGracePeriodSeconds of a pod by default", KUBERNETES_TERMINATION),
                Option("10s", "what `docker stop` waits by default", OWN_CONTRACT),
            ),
        ),
    ] = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.announce is not None and self.grace is not None and self.announce >= self.grace:
            announce, grace = format_duration(self.announce), format_duration(self.grace)
            message = f"announce ({announce}) is not below grace ({grace})"
            raise contradiction(message, "announce", "grace")
        return self
