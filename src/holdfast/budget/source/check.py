"""What is wrong with the sources: documents that are not there, or that do not say the number."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from holdfast.budget.derive.result import Finding
from holdfast.budget.loaded import Loaded
from holdfast.budget.numbers import Number, numbers
from holdfast.budget.overlay import leaves
from holdfast.budget.path import dotted
from holdfast.budget.source.library import Library
from holdfast.budget.source.mention import mentions
from holdfast.budget.source.pattern import matches
from holdfast.budget.source.provenance import of

__all__ = ["source_findings"]


def source_findings(loaded: Loaded, *, today: datetime.date | None = None) -> list[Finding]:
    """Return what is wrong with [source] and [deferred].

    Documents and headings that do not exist, numbers that their section does not say, and keys that cover
    nothing.
    """
    library, known = Library(loaded.folder), list(numbers(loaded))
    return [
        *_broken(loaded, library),
        *_unsaid(loaded, library, known, today),
        *_idle(loaded, known),
    ]


def _broken(loaded: Loaded, library: Library) -> Iterator[Finding]:
    for key, reference in loaded.budget.source.items():
        if problem := library.passage(reference).problem:
            path = dotted(("source", key))
            yield Finding(path, problem, loaded.place_of(("source", key)))


def _unsaid(
    loaded: Loaded, library: Library, known: Sequence[Number], today: datetime.date | None
) -> Iterator[Finding]:
    for number in known:
        where = of(loaded, number, today=today)
        if where.kind != "source" or number.unit == "text":
            continue
        text = library.passage(where.detail).text
        if text is not None and not mentions(text, float(number.value), number.unit):
            message = f"{where.detail} does not say {number.text}"
            yield Finding(number.path, message, loaded.place_of(number.key))


def _idle(loaded: Loaded, known: Sequence[Number]) -> Iterator[Finding]:
    """A key that covers nothing is a mistake, or what it covered is gone."""
    paths = {number.path for number in known} | {dotted(path) for path, _ in leaves(loaded.data)}
    paths |= {dotted(path) for path in loaded.lines if path[0] not in ("source", "deferred")}
    paths |= {dotted(("env", *path)) for path, _ in leaves(loaded.overlays)}
    for table, keys in (("source", loaded.budget.source), ("deferred", loaded.budget.deferred)):
        for key in keys:
            if not any(matches(key, path) for path in paths):
                yield Finding(dotted((table, key)), "covers no number", loaded.place_of((table, key)))
