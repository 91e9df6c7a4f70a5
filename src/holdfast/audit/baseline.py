"""The findings that are known: a file of them, so that only new ones fail and the old ones grow fewer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from holdfast.audit.finding import Finding
from holdfast.audit.identity import Identity, identity
from holdfast.audit.sources import Sources
from holdfast.errors import UsageError

__all__ = ["SCHEMA", "VERSION", "Compared", "compare", "read", "write"]

SCHEMA = "holdfast.audit-baseline"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Compared:
    """`known`: those of the findings that the baseline has. `gone`: how many of each it has too many."""

    known: frozenset[Finding]
    gone: Mapping[Identity, int]


def compare(findings: Iterable[Finding], baseline: Mapping[Identity, int], sources: Sources) -> Compared:
    """Hold `findings` against a baseline: of each identity as many are known as it counts, the first ones."""
    left = Counter(baseline)
    known = set()
    for finding in findings:
        one = identity(finding, sources)
        if left[one] > 0:
            left[one] -= 1
            known.add(finding)
    return Compared(frozenset(known), {one: count for one, count in sorted(left.items()) if count > 0})


def write(path: Path, findings: Iterable[Finding], sources: Sources) -> int:
    """Write the baseline of `findings` to `path`; returns how many there are.

    One line each and in order, so that a review shows what was added. Raises `UsageError` where it cannot
    be written.
    """
    counted = Counter(identity(finding, sources) for finding in findings)
    lines = [json.dumps({**asdict(one), "count": count}) for one, count in sorted(counted.items())]
    inside = ",\n  ".join(lines)
    text = f'{{\n "schema": "{SCHEMA}",\n "version": {VERSION},\n "findings": [\n  {inside}\n ]\n}}\n'
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", place=str(path)) from None
    return counted.total()


def read(path: Path) -> dict[Identity, int]:
    """Return how many of each identity the baseline at `path` has.

    Raises `UsageError`, with the file and the line or the entry, for anything that is no baseline.
    """
    place = str(path)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", place=place) from None
    except json.JSONDecodeError as error:
        raise UsageError(f"is not JSON: {error.msg}", place=f"{place}:{error.lineno}") from None
    except ValueError as error:
        raise UsageError(f"is not JSON: {error}", place=place) from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise UsageError(f'is no baseline: no schema "{SCHEMA}"', place=place)
    if document.get("version") != VERSION:
        message = f"is a baseline of version {document.get('version')}, this holdfast reads {VERSION}"
        raise UsageError(message, place=place)
    entries = document.get("findings")
    if not isinstance(entries, list):
        raise UsageError("is no baseline: findings is no list", place=place)
    found: Counter[Identity] = Counter()
    for number, entry in enumerate(entries):
        one, count = _entry(entry, f"{place}: findings[{number}]")
        found[one] += count
    return dict(found)


_NAMES = tuple(field.name for field in fields(Identity))


def _entry(entry: Any, place: str) -> tuple[Identity, int]:
    if not isinstance(entry, dict):
        raise UsageError("is no object", place=place)
    values = [entry.get(name) for name in _NAMES]
    for name, value in zip(_NAMES, values, strict=True):
        if not isinstance(value, str):
            raise UsageError(f"{name} is {value!r}, expected a text", place=place)
    count = entry.get("count", 1)
    if type(count) is not int or count < 1:
        raise UsageError(f"count is {count!r}, expected a number from 1 up", place=place)
    return Identity(*values), count  # type: ignore[arg-type]
