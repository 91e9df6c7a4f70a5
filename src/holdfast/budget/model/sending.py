"""What is sent, one request or several steps, and what the answer has to be."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from holdfast.budget.metadata import Fact
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Bytes, Count, Pause, parse_duration

__all__ = ["Attachment", "Expect", "Request", "Scenario", "Sent", "Step"]


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


def _word(value: str) -> str:
    if not value.isprintable() or '"' in value or not value:
        raise ValueError(f"expected printable text without quotes, got {value!r}")
    return value


_Word = Annotated[str, AfterValidator(_word)]


def _reads(value: object) -> float | None:
    if value in {"all", "first"}:
        return None if value == "all" else 0.0
    try:
        return parse_duration(value)
    except ValueError:
        raise ValueError(f'expected "all", "first" or a duration, such as "5s", got {value!r}') from None


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


class Attachment(Section):
    """A file in a form, made up or read: `bytes` or `file`."""

    model_config = ConfigDict(serialize_by_alias=True)

    size: Annotated[Bytes | None, Fact("Its size: random bytes, the same in every run.")] = Field(
        default=None, alias="bytes"
    )
    file: Annotated[str | None, Fact("A file to send instead, from the budget's folder.")] = None
    field: Annotated[_Word, Fact("The name of the form's field.")] = "file"
    name: Annotated[_Word, Fact("The name that the file is given.")] = "upload.bin"
    type: Annotated[_Word, Fact("Its media type.")] = "application/octet-stream"

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.size is None) == (self.file is None):
            raise contradiction("an upload has bytes or a file")
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
    upload: Annotated[Attachment | None, Fact("A file to send in a form, in place of `json`.")] = None
    expect: Annotated[Expect | None, Fact("What the answer has to be.")] = None
    reads: Annotated[
        Annotated[float | None, BeforeValidator(_reads)],
        Fact(
            'How far the answer is read: "all" of it, or of a stream the "first" bytes of its body, or from '
            'there so long: "5s".'
        ),
    ] = None
    needs: Annotated[
        tuple[str, ...],
        Fact("Dependencies that this request calls; where no request names one, each request is taken to."),
    ] = ()

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.upload is not None and self.body is not None:
            raise contradiction("a request has json or an upload, not both", "upload")
        looks = self.expect is not None and (self.expect.values or self.expect.contains)
        if self.reads is not None and (looks or getattr(self, "take", None)):
            raise contradiction("an answer that is not read to its end has no body to look into", "reads")
        return self


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
