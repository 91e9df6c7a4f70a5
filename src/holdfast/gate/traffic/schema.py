"""Values by a JSON Schema, as OpenAPI documents hold them, drawn by Hypothesis.

Meant to be accepted, not to surprise: every property that is named is there, none that is not, and text is
plain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from holdfast.errors import UsageError

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["Unmakeable", "drawn", "resolved"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LONGEST = 12
"""Characters of a text, and items of a list, where the schema has no bound."""

_DEEPEST = 12
"""Levels of a schema that refers to itself: below, what is not required is left out."""

_FORMATS = {
    "email": r"[a-z]{3,10}@example\.org",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}",
    "date": r"20[0-3][0-9]-0[1-9]-(0[1-9]|1[0-9]|2[0-8])",
    "date-time": r"20[0-3][0-9]-0[1-9]-(0[1-9]|1[0-9]|2[0-8])T(0[0-9]|1[0-9]):[0-5][0-9]:[0-5][0-9]Z",
    "time": r"(0[0-9]|1[0-9]):[0-5][0-9]:[0-5][0-9]Z",
    "duration": r"PT[1-9][0-9]?M",
    "uri": r"https://[a-z]{3,10}\.example\.org/[a-z]{1,8}",
    "ipv4": r"192\.0\.2\.[1-9][0-9]?",
}


class Unmakeable(Exception):
    """Why there is no value for a schema."""


def drawn(document: Mapping[str, Any], schema: Mapping[str, Any], seed: int, most: int) -> Sequence[Any]:
    """Return up to `most` different values of a schema, the same for the same seed.

    Raises Unmakeable where the schema is contradictory or leads nowhere.
    """
    try:
        from hypothesis import HealthCheck, Phase, given, settings
        from hypothesis import seed as seeded
        from hypothesis.errors import HypothesisException
    except ImportError:
        raise UsageError('values by schema need Hypothesis: pip install "holdfast[gate]"') from None
    found: list[Any] = []

    @seeded(seed)
    @settings(
        max_examples=most * 4,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_strategy(document, schema, 0))
    def draw(value: Any) -> None:
        if value not in found:
            found.append(value)

    try:
        draw()
    except (HypothesisException, ValueError) as error:
        raise Unmakeable(f"its schema cannot be drawn from: {str(error).splitlines()[0]}") from None
    if not found:
        raise Unmakeable("its schema has no value")
    return found[-most:]  # the first are the simplest there are


def resolved(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references within the document; raises Unmakeable where they lead nowhere."""
    for _ in range(20):
        reference = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(reference, str):
            return node
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            raise Unmakeable(f"{reference} leads nowhere")
        node = found
    raise Unmakeable("its references go in a circle")


def _strategy(document: Mapping[str, Any], node: Mapping[str, Any], depth: int) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    schema = resolved(document, node)
    if "const" in schema:
        return st.just(schema["const"])
    if schema.get("enum"):
        return st.sampled_from(schema["enum"])
    if schema.get("allOf"):
        return _strategy(document, _merged(document, schema), depth)
    for word in ("anyOf", "oneOf"):
        if schema.get(word):
            # Null is a choice only where there is no other: a request with everything in it shows more.
            some = [one for one in schema[word] if one.get("type") != "null"] or schema[word]
            return st.one_of(*(_strategy(document, one, depth + 1) for one in some))
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    match kind:
        case "integer":
            return st.integers(*_bounds(schema, 1))
        case "number":
            low, high = _bounds(schema, 0)
            return st.floats(low, high, allow_nan=False, allow_infinity=False).map(lambda n: round(n, 2))
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "array":
            return _list(document, schema, depth)
        case "string":
            return _text(schema)
        case _:
            return _object(document, schema, depth)


def _object(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    required = set(schema.get("required", ()))
    named = schema.get("properties") or {}
    wanted = {name: one for name, one in named.items() if depth < _DEEPEST or name in required}
    if depth > 2 * _DEEPEST:
        raise Unmakeable("its schema requires itself without end")
    return st.fixed_dictionaries({name: _strategy(document, one, depth + 1) for name, one in wanted.items()})


def _list(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    low = int(schema.get("minItems", 0 if depth >= _DEEPEST else 1))
    high = int(schema.get("maxItems", max(low, 3)))
    items = _strategy(document, schema.get("items") or {"type": "string"}, depth + 1)
    return st.lists(items, min_size=low, max_size=max(low, min(high, _LONGEST)))


def _text(schema: Mapping[str, Any]) -> SearchStrategy[str]:
    from hypothesis import strategies as st

    low = int(schema.get("minLength", 1))
    high = max(low, min(int(schema.get("maxLength", _LONGEST)), low + _LONGEST))
    if "pattern" in schema:
        fits = st.from_regex(schema["pattern"], fullmatch=True, alphabet=st.characters(codec="ascii"))
        return fits.filter(lambda text: low <= len(text) <= int(schema.get("maxLength", len(text))))
    if schema.get("format") in _FORMATS:
        return st.from_regex(_FORMATS[schema["format"]], fullmatch=True)
    return st.text(_LETTERS, min_size=low, max_size=high)


def _bounds(schema: Mapping[str, Any], step: int) -> tuple[int, int]:
    """Return the least and the greatest number, whole ones within the bounds of the schema."""
    low = schema.get("minimum")
    if low is None and "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + 1
    high = schema.get("maximum")
    if high is None and "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - 1
    if low is None:
        low = min(step, high) if high is not None else step
    return int(low), int(high if high is not None else max(low, 0) + 100)


def _merged(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return one schema for all of `allOf`: objects that are put together."""
    parts = [resolved(document, one) for one in schema["allOf"]]
    rest = {key: value for key, value in schema.items() if key != "allOf"}
    merged: dict[str, Any] = {}
    for part in (*parts, rest):
        for key, value in part.items():
            if key == "properties":
                merged[key] = {**merged.get(key, {}), **value}
            elif key == "required":
                merged[key] = [*merged.get(key, ()), *value]
            else:
                merged[key] = value
    return merged
