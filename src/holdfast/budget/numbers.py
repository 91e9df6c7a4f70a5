"""Every number of a budget, with its unit and what is known of it.

Walks the models: what is decided, what has a default, and what ought to be decided and is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from holdfast.budget import units
from holdfast.budget.loaded import Loaded
from holdfast.budget.metadata import Decision, Derivable, Explained, Fact, Mechanism
from holdfast.budget.model import Section
from holdfast.budget.path import KeyPath, dotted

__all__ = ["Number", "Unit", "explained", "numbers", "unit_of"]

Unit = Literal["duration", "ratio", "rate", "bytes", "count", "factor", "text"]

_UNITS: Mapping[Any, tuple[Unit, Callable[[Any], str]]] = {
    units.parse_duration: ("duration", units.format_duration),
    units.parse_pause: ("duration", units.format_duration),
    units.parse_ratio: ("ratio", units.format_ratio),
    units.parse_rate: ("rate", units.format_rate),
    units.parse_bytes: ("bytes", units.format_bytes),
    units.parse_count: ("count", str),
    units.parse_whole: ("count", str),
    units.parse_factor: ("factor", units.format_factor),
}
_SKIPPED = ("source", "deferred")


@dataclass(frozen=True, slots=True)
class Number:
    """One number: `value` None where nobody has decided; `text` as people write it, "" where it is None.

    `required`: it is missing when it is None. `given`: the file or the environment says it, so that it is no
    default.
    """

    path: str
    key: KeyPath
    value: Any
    text: str
    unit: Unit
    explained: Decision | Derivable | Mechanism
    required: bool
    given: bool


def numbers(loaded: Loaded) -> Iterator[Number]:
    """Yield the numbers of a budget in the order of its sections; facts, such as names, are none.

    A decision that is neither taken nor required is not among them.
    """
    for name, field in type(loaded.budget).model_fields.items():
        if name not in _SKIPPED:
            yield from _walk(loaded, (name,), field, getattr(loaded.budget, name), kind="")


def explained(field: FieldInfo) -> Explained | None:
    """Return what is known of a field."""
    return next((m for m in field.metadata if isinstance(m, (Fact, Decision, Derivable, Mechanism))), None)


def unit_of(field: FieldInfo) -> tuple[Unit, Callable[[Any], str]]:
    """Return the unit of a field and the function that writes its values as people do."""
    found = (_UNITS[v.func] for v in _validators(field) if v.func in _UNITS)
    return next(found, ("text", _text))


def _walk(loaded: Loaded, key: KeyPath, field: FieldInfo, value: Any, kind: str) -> Iterator[Number]:
    known = explained(field)
    if isinstance(value, Section):
        kind = str(getattr(value, "kind", kind))
        if _idle(loaded, key, value, kind):
            return
        for name, inner in type(value).model_fields.items():
            if _answered(value, name, inner):
                continue
            path = (*key, inner.alias or name)
            yield from _walk(loaded, path, inner, getattr(value, name), kind)
    elif isinstance(value, dict) and known is None:
        for name, section in value.items():
            yield from _walk(loaded, (*key, name), field, section, kind)
    elif isinstance(value, dict) and isinstance(known, Decision):
        wanted = {name: None for name, d in loaded.budget.dependency.items() if known.required_of(d.kind)}
        for name, number in (wanted | value).items():
            yield from _number(loaded, (*key, name), field, number, known, required=name in wanted)
    elif known is not None and not isinstance(known, Fact):
        required = isinstance(known, Decision) and known.required_of(kind)
        yield from _number(
            loaded, key, field, value or None if value == () else value, known, required=required
        )


def _answered(section: Section, name: str, field: FieldInfo) -> bool:
    """Whether another key of the section answers the question of this one, which is open."""
    known = explained(field)
    other = known.unless if isinstance(known, Decision) else ""
    return bool(other) and getattr(section, name) is None and getattr(section, other) is not None


def _idle(loaded: Loaded, key: KeyPath, section: Section, kind: str) -> bool:
    """Whether a table belongs to dependencies of another kind: it decides something, but not here."""
    decisions = [
        k for field in type(section).model_fields.values() if isinstance(k := explained(field), Decision)
    ]
    wanted = any(known.required_of(kind) for known in decisions)
    return bool(decisions) and not wanted and not loaded.given(key) and len(key) > 1


def _number(
    loaded: Loaded,
    key: KeyPath,
    field: FieldInfo,
    value: Any,
    known: Decision | Derivable | Mechanism,
    *,
    required: bool,
) -> Iterator[Number]:
    if value is None and not required:
        return
    unit, show = unit_of(field)
    text = "" if value is None else show(value)
    yield Number(dotted(key), key, value, text, unit, known, required, loaded.given(key))


def _validators(field: FieldInfo) -> Iterator[BeforeValidator]:
    """Yield the validators of a field's own type, of an optional one, and of a table's values."""
    pending: list[Any] = [*field.metadata, field.annotation]
    while pending:
        item = pending.pop(0)
        if isinstance(item, BeforeValidator):
            yield item
        else:
            pending.extend(getattr(item, "__metadata__", ()))
            pending.extend(get_args(item))


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        sections = [item for item in value if isinstance(item, Section)]
        return f"{len(sections)} kinds" if sections else ", ".join(str(item) for item in value)
    return str(value)
