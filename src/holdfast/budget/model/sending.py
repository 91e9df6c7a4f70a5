"""What is sent, one request or several steps, and what the answer has to be."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from holdfast.budget.metadata import Fact
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Count, Pause

__all__ = ["Expect", "Request", "Scenario", "Sent", "Step"]


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


def _status(value: object) -> object:
    given = value if isinstance(value, (list, tuple)) else [value]
    if not all(isinstance(one, int) and not isinstance(one, bool) and 200 <= one <= 599 for one in given):
        raise ValueError(f"expected statuses from 200 to 599, such as [200, 201], got {value!r}")
    return tuple(given)


class Expect(Section):
    """What an answer has to be; one that is not is a wrong answer, which is bad."""

    model_config = ConfigDict(serialize_by_alias=True)

    status: Annotated[
        Annotated[tuple[int, ...], BeforeValidator(_status)],
        Fact("The statuses that are right; without them it is `[sli]` that judges the status."),
    ] = ()
    values: Annotated[
        dict[str, Any], Fact('What stands at paths of the JSON body, such as `{ "$.ok" = true }`.')
    ] = Field(default_factory=dict, alias="json")
    contains: Annotated[str | None, Fact("Text that the body contains.")] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.status or self.values or self.contains):
            raise contradiction("expects nothing: name status, json or contains")
        return self


class Sent(Section):
    """What one request is."""

    model_config = ConfigDict(serialize_by_alias=True)

    send: Annotated[
        Annotated[str, AfterValidator(_sendable)],
        Fact(
            'Method and path; "{1..500}" stands for a number drawn anew for each request, '
            '"{users.csv:id}" for a cell of a CSV file.'
        ),
    ]
    body: Annotated[
        Annotated[Any, BeforeValidator(_body)] | None,
        Fact("The body: the path of a JSON file, from the budget's folder, or an inline table."),
    ] = Field(default=None, alias="json")
    headers: Annotated[
        dict[str, str], Fact('Headers to send; "{env:TOKEN}" stands for a variable of the environment.')
    ] = Field(default_factory=dict)
    expect: Annotated[Expect | None, Fact("What the answer has to be.")] = None
    needs: Annotated[
        tuple[str, ...],
        Fact("Dependencies that this request calls; where no request names one, each request is taken to."),
    ] = ()


Rows = Annotated[
    Literal["random", "in order"],
    Fact('How the rows of its CSV files are chosen: "random", or "in order", each in its turn.'),
]


class Request(Sent):
    """One kind of request in the mix."""

    weight: Annotated[Count, Fact("Its share of the mix, relative to the other weights.")] = 1
    rows: Rows = "random"


class Step(Sent):
    """One request of a scenario. What a step before took is filled in for its name: "GET /orders/{id}"."""

    take: Annotated[
        dict[str, str],
        Fact('What later steps send of the answer, by name: a path of its JSON body, or "header:location".'),
    ] = Field(default_factory=dict)
    think: Annotated[
        Pause | None,
        Fact("How long the user waits between the answer of the step before and this one."),
    ] = None


class Scenario(Section):
    """A user who sends one request after the answer to another."""

    steps: Annotated[tuple[Step, ...], Fact("What is sent, in this order; a failed step is the last.")]
    think: Annotated[Pause, Fact("How long he waits between an answer and the next step.")] = 0.0
    weight: Annotated[Count, Fact("How often he arrives, relative to the other weights.")] = 1
    rows: Rows = "random"

    @model_validator(mode="after")
    def _follows(self) -> Self:
        if not self.steps:
            raise contradiction("a scenario needs at least one step", "steps")
        if self.steps[0].think is not None:
            raise contradiction("the first step follows no answer to think about", "steps[0].think")
        return self
