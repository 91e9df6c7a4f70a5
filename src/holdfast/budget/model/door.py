"""[admission], [deadline] and [drain]: who enters, for how long, and how everybody leaves."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from holdfast.budget.metadata import Decision, Derivable, Mechanism, Option
from holdfast.budget.model.references import (
    CODEL,
    KUBERNETES_PROBES,
    LEARNK8S_SHUTDOWN,
    NIELSEN,
    OWN_MEASUREMENT,
    SRE_CASCADING,
)
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Count, Duration, Pause, Whole, format_duration

__all__ = ["Admission", "Deadline", "Drain"]


class Admission(Section):
    """How many requests are worked on at a time, and how many may wait."""

    limit: Annotated[
        Count | None,
        Derivable(
            "Requests worked on at a time, over the whole service; divided by workers and replicas.",
            "Little's law: peak x burst x p99",
        ),
    ] = None
    queue: Annotated[
        Whole | None,
        Derivable(
            "Requests that may wait, over the whole service; divided by workers and replicas.",
            "what the limit serves within the wait: limit x wait / p99",
        ),
    ] = None
    wait: Annotated[
        Pause, Mechanism("How long a request may wait before it is refused: CoDel's interval.", CODEL)
    ] = 0.1


class Deadline(Section):
    """How long a request may take before it is answered with 504."""

    default: Annotated[
        Duration | None,
        Decision(
            "After how long is an answer of no use any more?",
            "Work for callers who gave up is the commonest way for an overload to last. It is above p99, so "
            "that slow but useful answers still arrive, and every timeout below has to fit in it.",
            "engineering, with the callers",
            (
                Option("2s", "interactive APIs: a few times p99", SRE_CASCADING),
                Option("10s", "the limit at which users stay with it at all; reports and exports", NIELSEN),
            ),
            required=True,
        ),
    ] = None
    cap: Annotated[
        Duration | None,
        Derivable("The longest deadline that a caller may ask for by header.", "deadline.default"),
    ] = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.default is not None and self.cap is not None and self.default > self.cap:
            message = f"default ({format_duration(self.default)}) is above cap ({format_duration(self.cap)})"
            raise contradiction(message, "default", "cap")
        return self


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

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.announce is not None and self.grace is not None and self.announce >= self.grace:
            announce, grace = format_duration(self.announce), format_duration(self.grace)
            message = f"announce ({announce}) is not below grace ({grace})"
            raise contradiction(message, "announce", "grace")
        return self
