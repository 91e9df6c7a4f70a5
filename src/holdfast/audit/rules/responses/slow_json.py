"""HF803: an answer that is made twice."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.rules.calls import keyword
from holdfast.audit.rules.found import found
from holdfast.audit.rules.responses.routes import Route, returned, routes
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_DUMPS = frozenset({"model_dump_json", "to_json", "dumps", "json"})
_MODELS = frozenset({"model_dump", "dict"})
_ENCODERS = frozenset({"fastapi.encoders.jsonable_encoder"})


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each route whose answer goes to JSON and back, or through models twice."""
    for route in routes(whole):
        for value, line in returned(route.function):
            wrong = _wrong(whole, route, value)
            if wrong is not None:
                message, fix, confidence = wrong
                yield found(
                    RULE,
                    whole,
                    route.key,
                    (line, 0),
                    message,
                    fix,
                    severity=Severity.LOW,
                    confidence=confidence,
                )
                break


def _wrong(whole: Whole, route: Route, value: Expression) -> tuple[str, str, Confidence] | None:
    """Return what is done in vain for a returned value, the remedy, and how sure it is; None for nothing."""
    if _goes_round(whole, route, value):
        # Of one value it hardly matters; a table may have any number of rows.
        frame = word(value[2][0][1]) == "to_json"
        return _ROUND, _AS_IT_IS, Confidence.HIGH if frame else Confidence.LOW
    if route.model is not None and _is_model(route.model) and not route.other_class and _is_dumped(value):
        return _TWICE, _RUST, Confidence.HIGH if value[0] == form.COMP else Confidence.LOW
    if (
        value[0] == form.CALL
        and word(value[1]) in ("JSONResponse", "ORJSONResponse")
        and not _is_error(value)
    ):
        content = keyword(value, "content") or (value[2][0] if value[2] else value)
        encodes = content[0] == form.CALL and _is_large(content)
        if encodes and not _ENCODERS.isdisjoint(whole.named(content[1], route.key)):
            return _IN_PYTHON, _RUST, Confidence.LOW
    return None


_ROUND = "this makes JSON and reads it again, only to be made JSON for the answer"
_TWICE = "the model becomes a dict, then a model again, and is serialised: three passes for one"
_IN_PYTHON = "`jsonable_encoder` walks over every value in Python, on the event loop in async routes"
_AS_IT_IS = "Return the JSON as it is: `Response(content=..., media_type='application/json')`"
_RUST = "Return the model, and let its `response_model` serialise it: pydantic does so in Rust"


def _goes_round(whole: Whole, route: Route, value: Expression) -> bool:
    """Whether a value is `json.loads` of JSON that was made just there."""
    if value[0] != form.CALL or word(value[1]) != "loads" or not value[2]:
        return False
    return "json.loads" in set(whole.named(value[1], route.key)) and _is_dump(value[2][0])


def _is_dump(value: Expression) -> bool:
    """Whether a value is JSON that was made just there, of a model, a frame or a value."""
    return value[0] == form.CALL and word(value[1]) in _DUMPS


def _is_dumped(value: Expression) -> bool:
    """Whether a value is `model.model_dump()`, or a list of such."""
    if value[0] == form.COMP and value[1] == "list":
        value = value[2]
    return bool(
        value[0] == form.CALL
        and value[1][0] == form.ATTR
        and value[1][2] in _MODELS
        and not value[2]
        and not value[3]
    )


def _is_model(model: Expression) -> bool:
    """Whether a declared response is validated into models: `dict` and `Response` are not."""
    names = {word(part) for part in parts(model) if part[0] in (form.NAME, form.ATTR)}
    plain = {
        "dict",
        "Dict",
        "Any",
        "Response",
        "JSONResponse",
        "str",
        "int",
        "list",
        "List",
        "bool",
        "Mapping",
    }
    return bool(names - plain - {"Optional", "Union", "Annotated", "object"})


def _is_error(response: Expression) -> bool:
    status = keyword(response, "status_code")
    if status is None:
        return len(response[2]) > 1
    return not (status[0] == form.NUMBER and status[1] < 300) and not word(status).startswith("HTTP_20")


def _is_large(encoder: Expression) -> bool:
    """Whether what is encoded may be a list: a dict that is written there is small."""
    return bool(encoder[2]) and encoder[2][0][0] not in (form.DICT, form.TEXT)


RULE = Rule(
    code="HF803",
    name="slow-serialization",
    what="An answer is made into JSON or into models twice, or value by value in Python.",
    why=(
        "Serialising is most of what a route with a large answer costs, and in async routes it stops all "
        "others. A model that is returned as it is takes one pass in Rust."
    ),
    limits=(
        "How large the answer is, is not known: for a few fields it hardly matters, so that what is no list "
        "and no table is shown only at low confidence."
    ),
    bad="""
import json
from fastapi import FastAPI
import pandas

app = FastAPI()

@app.get("/rates")
def rates():
    frame = pandas.DataFrame()
    return json.loads(frame.to_json(orient="records"))
""",
    good="""
from fastapi import FastAPI, Response
import pandas

app = FastAPI()

@app.get("/rates")
def rates():
    frame = pandas.DataFrame()
    return Response(frame.to_json(orient="records"), media_type="application/json")
""",
    find=find,
    by_module=True,
)
