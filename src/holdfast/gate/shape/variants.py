"""Which values the placeholders of a spec take: one tuple a variant.

A range is a dimension of its own; all cells of one file are one dimension, its rows.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from holdfast.errors import UsageError
from holdfast.gate.shape.placeholder import Cell, JsonValue, Placeholder, Range, Variable
from holdfast.gate.shape.table import Table, Tables

__all__ = ["MAX_ROWS", "MAX_VARIANTS", "Sources", "variants"]

MAX_VARIANTS = 4096
"""Variants of one spec: enough to miss a cache of a few hundred entries, and a few megabytes at most."""

MAX_ROWS = 100_000
"""Rows that are sent in order: each is a request that lies ready in memory."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where values come from besides the seed."""

    tables: Tables
    environ: Mapping[str, str]


Placed = tuple[Placeholder, str]
"""A placeholder, and where it is written."""


def variants(
    every: Sequence[Placed],
    sources: Sources,
    rng: np.random.Generator,
    *,
    in_order: bool,
    most: int = MAX_VARIANTS,
) -> Iterator[tuple[JsonValue, ...]]:
    """Yield for each variant the values of `every` placeholder.

    Few combinations are all there, of many `most` are drawn. With `in_order` there is one variant a
    row of the longest file. Raises UsageError at the place of what has no value.
    """
    tables = {each.file: sources.tables.of(each, place) for each, place in every if isinstance(each, Cell)}
    fixed = {each: _variable(each, sources, place) for each, place in every if isinstance(each, Variable)}
    # A range is known by its position: the same range twice is two numbers.
    axes: dict[int | str, tuple[int, int]] = {}
    keys: list[int | str] = []
    for position, (each, _) in enumerate(every):
        key = each.file if isinstance(each, Cell) else position
        keys.append(key)
        if isinstance(each, Range):
            axes[key] = each.low, each.high
        elif isinstance(each, Cell):
            axes[key] = 0, len(tables[each.file].rows) - 1
    in_files = [table for table in tables.values() if in_order]
    for chosen in _in_order(axes, in_files, rng) if in_files else _combinations(axes, rng, most):
        at = dict(zip(axes, chosen, strict=True))
        yield tuple(
            fixed[each]
            if isinstance(each, Variable)
            else tables[each.file].value(each, at[key])
            if isinstance(each, Cell)
            else at[key]
            for (each, _), key in zip(every, keys, strict=True)
        )


def _variable(variable: Variable, sources: Sources, place: str) -> str:
    value = sources.environ.get(variable.name, "")
    if not value:
        raise UsageError(f"the variable {variable.name} is not set", place=place)
    return value


def _combinations(
    axes: Mapping[int | str, tuple[int, int]], rng: np.random.Generator, most: int
) -> Iterator[tuple[int, ...]]:
    if math.prod(high - low + 1 for low, high in axes.values()) <= most:
        yield from itertools.product(*(range(low, high + 1) for low, high in axes.values()))
        return
    columns = [rng.integers(low, high, size=most, endpoint=True).tolist() for low, high in axes.values()]
    yield from zip(*columns, strict=True)


def _in_order(
    axes: Mapping[int | str, tuple[int, int]], tables: Sequence[Table], rng: np.random.Generator
) -> Iterator[tuple[int, ...]]:
    longest = max(tables, key=lambda table: len(table.rows))
    count = len(longest.rows)
    if count > MAX_ROWS:
        raise UsageError(f"{count} rows, and at most {MAX_ROWS} are sent in order", place=str(longest.path))
    columns = [
        [row % (high + 1) for row in range(count)]
        if isinstance(key, str)
        else rng.integers(low, high, size=count, endpoint=True).tolist()
        for key, (low, high) in axes.items()
    ]
    yield from zip(*columns, strict=True)
