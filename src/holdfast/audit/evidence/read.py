"""Files of evidence, told apart by what they hold and not by their names."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from holdfast.audit.evidence import folded, gate, speedscope, stalllog
from holdfast.audit.evidence.observed import Evidence, merged
from holdfast.errors import UsageError
from holdfast.gate.result import SCHEMA as GATE

__all__ = ["read"]


def read(paths: Iterable[Path]) -> Evidence:
    """Return what the files at `paths` say together.

    Raises `UsageError`, with the file and where there is one the line, for what is no evidence.
    """
    return merged(_finite(_read(path), path) for path in paths)


def _read(path: Path) -> Evidence:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", place=str(path)) from None
    except UnicodeDecodeError:
        raise UsageError("is not UTF-8 text, so no evidence that is known", place=str(path)) from None
    if not text.strip():
        # A log to which nothing was written: the service ran, and the loop never stood still.
        return stalllog.read(path)
    if not text.lstrip().startswith("{"):
        return folded.read(path, text)
    try:
        document = json.loads(text, parse_constant=_not_json)
    except json.JSONDecodeError as error:
        if _begins_with_one(text):
            return stalllog.read(path)  # lines of JSON, which it names where one is broken
        raise UsageError(f"is not JSON: {error.msg}", place=f"{path}:{error.lineno}") from None
    except RecursionError:
        raise UsageError("is JSON that is nested too deeply", place=str(path)) from None
    except ValueError as error:
        raise UsageError(f"is not JSON: {error}", place=str(path)) from None
    if speedscope.is_one(document):
        return speedscope.read(path, document)
    if document.get("schema") == GATE:
        return gate.read(path)
    return stalllog.read(path)


def _finite(evidence: Evidence, path: Path) -> Evidence:
    """Refuse what JSON can say and no clock can: 1e999 seconds."""
    times = [*(stall.total for stall in evidence.stalls), *(sample.weight for sample in evidence.samples)]
    if not all(map(math.isfinite, times)):
        raise UsageError("has a time that is no finite number", place=str(path))
    return evidence


def _begins_with_one(text: str) -> bool:
    """Whether the first line is an object of its own, as in a log, whose reader names a broken line."""
    first = text.lstrip().partition("\n")[0]
    try:
        return isinstance(json.loads(first), dict)
    except ValueError:
        return '"holdfast.stall"' in first


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of it")
