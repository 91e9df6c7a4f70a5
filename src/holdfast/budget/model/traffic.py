"""[traffic]: what users send, and how much of it."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from holdfast.budget.metadata import Decision, Fact, Option
from holdfast.budget.model.references import OWN_MEASUREMENT
from holdfast.budget.model.section import Section
from holdfast.budget.units import Count, Factor, Rate

__all__ = ["Request", "Traffic"]


def _sendable(value: str) -> str:
    if not re.fullmatch(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /\S*", value):
        raise ValueError(f'expected a method and a path, such as "GET /products/{{1..500}}", got "{value}"')
    for low, high in re.findall(r"\{(\d+)\.\.(\d+)\}", value):
        if int(low) > int(high):
            raise ValueError(f'the range {{{low}..{high}}} in "{value}" runs backwards')
    return value


def _body(value: object) -> object:
    if not isinstance(value, (str, dict, list)):
        raise ValueError('expected the path of a JSON file, such as "traffic/order.json", or an inline table')
    return value


class Request(Section):
    """One kind of request in the mix."""

    model_config = ConfigDict(serialize_by_alias=True)

    send: Annotated[
        Annotated[str, AfterValidator(_sendable)],
        Fact('Method and path; "{1..500}" stands for a number drawn anew for each request.'),
    ]
    weight: Annotated[Count, Fact("Its share of the mix, relative to the other weights.")] = 1
    body: Annotated[
        Annotated[Any, BeforeValidator(_body)] | None,
        Fact("The body: the path of a JSON file, from the budget's folder, or an inline table."),
    ] = Field(default=None, alias="json")
    headers: Annotated[dict[str, str], Fact("Headers to send.")] = Field(default_factory=dict)
    needs: Annotated[
        tuple[str, ...],
        Fact("Dependencies that this request calls; where no request names one, each request is taken to."),
    ] = ()


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
