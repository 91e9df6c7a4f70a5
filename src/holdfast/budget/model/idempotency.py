"""[idempotency]: which routes have their effect once however often they are sent, and for how long."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from holdfast.budget.metadata import Decision, Fact, Mechanism, Option
from holdfast.budget.model.mode import ModeName
from holdfast.budget.model.references import (
    CLIENT_GO_LEASE,
    DYNAMODB_ITEM,
    IDEMPOTENCY_DRAFT,
    STRIPE_IDEMPOTENCY,
    TRUELAYER_IDEMPOTENCY,
)
from holdfast.budget.model.route import Route
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Bytes, Duration, format_duration

__all__ = ["Idempotency"]


def _tenant(value: str) -> str:
    if not re.fullmatch(r"one|state [A-Za-z_]\w*|header [!-~]+", value):
        raise ValueError(f'expected "state NAME", "header NAME" or "one", got "{value}"')
    return value


class Idempotency(Section):
    """Requests with an Idempotency-Key have their effect once."""

    store: Annotated[
        str | None, Fact("The dependency that holds the keys, of kind postgres, sqlite or redis.")
    ] = None
    routes: Annotated[
        tuple[Route, ...],
        Field(default=()),
        Fact('The routes that take keys, as "POST /orders"; others say so in their code.'),
    ] = ()
    effect: Annotated[
        Literal["transaction", "repeatable", "elsewhere"],
        Fact(
            "Where the effect is: in the SQL transaction that also completes the key; where a second run "
            "adds nothing to the first; or elsewhere, so that a crash leaves an unknown outcome."
        ),
    ] = "elsewhere"
    tenant: Annotated[
        Annotated[str, AfterValidator(_tenant)] | None,
        Fact(
            'Whose key it is: "state NAME" (of request.state, set by the authentication), "header NAME" (of '
            'whoever stands in front and is trusted), or "one" for a service with one tenant.'
        ),
    ] = None
    required: Annotated[bool, Fact("Whether a request without a key is refused with 400.")] = True
    mode: Annotated[ModeName, Fact("How far keys go: observe runs every request and reports.")] = "enforce"
    retention: Annotated[
        Duration | None,
        Decision(
            "For how long is a key remembered?",
            "A request that is sent again later has its effect again. It is longer than the most patient "
            "client retries, its queues and its operators included.",
            "engineering, with the callers",
            (
                Option(
                    "24h", "interactive clients and job queues that retry within a day", STRIPE_IDEMPOTENCY
                ),
                Option("30d", "payments, and queues that may stand for days", TRUELAYER_IDEMPOTENCY),
            ),
            required=True,
        ),
    ] = None
    unavailable: Annotated[
        Literal["refuse", "run"] | None,
        Decision(
            "What happens to a request while the store of keys does not answer?",
            "It is refused with 503 unless it is decided that two effects are better than none.",
            "product",
            (
                Option('"refuse"', "effects that must not happen twice, such as payments", IDEMPOTENCY_DRAFT),
                Option('"run"', "effects that are a nuisance twice, such as a mail", IDEMPOTENCY_DRAFT),
            ),
        ),
    ] = None
    lease: Annotated[
        Duration,
        Mechanism(
            "How long a worker that says nothing keeps a key: after a crash its key is free, or its outcome "
            "unknown, that much later. It is renewed every third of it.",
            CLIENT_GO_LEASE,
        ),
    ] = 15.0
    body: Annotated[Bytes, Mechanism("The largest answer that is kept, and repeated.", DYNAMODB_ITEM)] = (
        400 << 10
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.retention is not None and self.retention < self.lease:
            retention, lease = format_duration(self.retention), format_duration(self.lease)
            message = f"retention ({retention}) is below lease ({lease})"
            raise contradiction(message, "retention", "lease")
        if self.routes and self.store is None:
            raise contradiction("routes are given and no store for their keys", "routes")
        return self
