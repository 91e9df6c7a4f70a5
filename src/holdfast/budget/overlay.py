"""Laying one table of numbers over another, with the place of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.budget.path import KeyPath

__all__ = ["Layer", "lay", "leaves"]

Layer = dict[str, Any]
"""A tree of tables, as TOML has it."""


def lay(over: Mapping[str, Any], base: Mapping[str, Any]) -> Layer:
    """Return `base` with the keys of `over` put in: tables are merged, anything else is replaced."""
    merged: Layer = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = lay(value, below) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


def leaves(tree: Mapping[str, Any], at: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Yield each value that is no table (a list counts as one value), with its path."""
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*at, key))
        else:
            yield (*at, key), value
