"""OpenAPI documents: a request for each operation, from its examples, else made from its schemas.

What is made is drawn by Hypothesis from the JSON Schema and from a fixed seed: the same document gives the
same requests. A document says what may be sent and not how often: every operation has the same weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from holdfast.gate.shape.spec import METHODS, RequestSpec
from holdfast.gate.traffic.schema import Unmakeable, drawn, resolved

__all__ = ["requests"]

_BODIES = 3
"""Bodies made from one schema: enough to differ, few enough to be read in a budget."""

_RANGE = (1, 100)
"""What an integer in a path is drawn from where the schema has no bounds."""


def requests(document: Mapping[str, Any], *, seed: int = 1) -> tuple[list[RequestSpec], list[str]]:
    """Return the requests of a document, and a line for each operation that none could be made for."""
    found: list[RequestSpec] = []
    left: list[str] = []
    for path, item in (document.get("paths") or {}).items():
        for method in METHODS:
            operation = (item or {}).get(method.lower())
            if operation is None or method in {"OPTIONS", "HEAD"}:
                continue
            try:
                found += _requests(document, method, path, item, operation, seed)
            except Unmakeable as error:
                left.append(f"{method} {path}: {error}")
    return found, left


def _requests(
    document: Mapping[str, Any],
    method: str,
    path: str,
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
    seed: int,
) -> Iterator[RequestSpec]:
    given = [*item.get("parameters", ()), *operation.get("parameters", ())]
    parameters = {(one["in"], one["name"]): one for one in (resolved(document, each) for each in given)}
    target, query = path, []
    for (where, name), parameter in parameters.items():
        value = _value(document, parameter, seed)
        if where == "path":
            target = target.replace(f"{{{name}}}", value)
        elif where == "query" and parameter.get("required"):
            query.append(f"{quote(name, safe='')}={value}")
        elif where in {"header", "cookie"} and parameter.get("required"):
            raise Unmakeable(f"it requires the {where} {name}")
    send = f"{method} {target}" + ("?" + "&".join(query) if query else "")
    bodies = list(_bodies(document, operation, seed))
    for body in bodies:
        yield RequestSpec(send, body, weight=1 / len(bodies))


def _bodies(document: Mapping[str, Any], operation: Mapping[str, Any], seed: int) -> Iterator[Any]:
    body = resolved(document, operation.get("requestBody") or {})
    content = body.get("content") or {}
    media = next((one for kind, one in content.items() if kind.partition(";")[0].endswith("json")), None)
    if media is None:
        if body.get("required") and content:
            raise Unmakeable(f"its body is {', '.join(content)}, and only JSON is made")
        yield None
        return
    schema = media.get("schema") or {}
    written = [resolved(document, one).get("value") for one in (media.get("examples") or {}).values()]
    written = [media["example"]] if "example" in media else written
    bodies = written or resolved(document, schema).get("examples") or drawn(document, schema, seed, _BODIES)
    if not bodies or not all(isinstance(one, dict | list) for one in bodies):
        raise Unmakeable("its body is no object and no list")
    yield from bodies


def _value(document: Mapping[str, Any], parameter: Mapping[str, Any], seed: int) -> str:
    """Return a parameter as it stands in a URL: its example, a choice, a range of integers, else drawn."""
    schema = resolved(document, parameter.get("schema") or {})
    for holder in (parameter, schema):
        if "example" in holder:
            return quote(str(holder["example"]), safe="")
    examples = parameter.get("examples") or {}
    if isinstance(examples, dict) and examples:
        return quote(str(resolved(document, next(iter(examples.values()))).get("value")), safe="")
    for choices in (
        schema.get("examples"),
        schema.get("enum"),
        [schema[k] for k in ("default",) if k in schema],
    ):
        if choices:
            return quote(str(choices[0]), safe="")
    if schema.get("type") == "integer":
        low = int(schema.get("minimum", _RANGE[0]))
        high = int(schema.get("maximum", max(low, _RANGE[1])))
        return f"{{{low}..{max(low, min(high, low + 10**6))}}}"
    value = drawn(document, schema, seed, 1)[0]
    if isinstance(value, dict | list) or value is None:
        raise Unmakeable(f"its parameter {parameter.get('name')} is no single value")
    return quote(str(value), safe="")
