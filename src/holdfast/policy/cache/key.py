"""Keys: what a value depends on, written so that different things are never written alike.

Every part says its type and, where it has no fixed end, its length, so that parts can stand side by side:
("a", "bc") and ("ab", "c") differ, and so do 1, "1", 1.0 and True. The same value is written alike in every
process and on every machine, which Python's own hash of a text is not.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from pathlib import PurePath
from typing import Any
from uuid import UUID

from pydantic import BaseModel

__all__ = ["LONGEST", "SCALARS", "Unwritable", "bounded", "canonical"]

LONGEST = 200
"""Characters of a key that are kept as they are; of a longer one the end is replaced by its hash."""

SCALARS: tuple[type, ...] = (
    str,
    int,
    float,
    bool,
    bytes,
    UUID,
    Decimal,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    Enum,
    PurePath,
    type(None),
)
"""Types that `canonical` writes, beside containers, dataclasses and models of them."""


class Unwritable(TypeError):
    """A value cannot be part of a key: nothing says what it is equal to in another process."""


def canonical(value: Any) -> str:
    """Return `value` as part of a key. Raises Unwritable."""
    kind = type(value)
    if kind is int:
        return f"i{value};"
    if kind is str:
        return f"s{len(value)}:{value}"
    if value is None:
        return "n;"
    if kind is bool:
        return "t;" if value else "f;"
    return _composed(value)


def bounded(key: str) -> str:
    """Return `key`, its end replaced by a hash (BLAKE2b, 128 bits) where it is longer than LONGEST."""
    if len(key) <= LONGEST:
        return key
    kept = key[: LONGEST - 34]
    return f"{kept}#{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"


def _composed(value: Any) -> str:
    if isinstance(value, Enum):
        return _named("e", type(value), value.name)
    if isinstance(value, (list, tuple)):
        return _counted("l", [canonical(item) for item in value])
    if isinstance(value, Mapping):
        return _counted("d", sorted(canonical(name) + canonical(item) for name, item in value.items()))
    if isinstance(value, AbstractSet):
        return _counted("u", sorted(map(canonical, value)))
    if isinstance(value, BaseModel):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        return _named("m", type(value), canonical(fields | (value.model_extra or {})))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return _named("m", type(value), canonical(fields))
    for letter, kinds in _WRITTEN:
        if isinstance(value, kinds):
            text = value.hex() if isinstance(value, bytes) else str(value)
            return f"{letter}{len(text)}:{text}"
    raise Unwritable(f"a {type(value).__qualname__} cannot be part of a key")


_WRITTEN: tuple[tuple[str, type | tuple[type, ...]], ...] = (
    ("s", str),
    ("i", int),
    ("r", float),
    ("b", bytes),
    ("g", UUID),
    ("c", Decimal),
    ("z", datetime.datetime),
    ("y", datetime.date),
    ("h", datetime.time),
    ("p", datetime.timedelta),
    ("w", PurePath),
)
"""The rest by their text, a subclass after what it derives from has had its turn."""


def _counted(letter: str, parts: list[str]) -> str:
    return f"{letter}{len(parts)}:{''.join(parts)}"


def _named(letter: str, kind: type, text: str) -> str:
    name = f"{kind.__module__}.{kind.__qualname__}"
    return f"{letter}{len(name)}:{name}{len(text)}:{text}"
