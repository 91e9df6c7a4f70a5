"""Reading a written result back, so that a report can be drawn again without running anything."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from pydantic import TypeAdapter, ValidationError

from holdfast.errors import UsageError
from holdfast.gate.result import SCHEMA, VERSION, GateResult

__all__ = ["load"]


def load(path: Path) -> GateResult:
    """Return the result in the JSON file at `path`.

    Fields that this version does not know are passed over: a field with a default may be added within a
    version. Raises UsageError, with the file and the field, for anything else that is not such a document.
    """
    place = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror or error}", place=place) from None
    except UnicodeDecodeError:
        raise UsageError("is not UTF-8 text, so not a result of the gate", place=place) from None
    try:
        data = json.loads(text, parse_constant=_not_json)
    except json.JSONDecodeError as error:
        raise UsageError(f"is not JSON: {error.msg}", place=f"{place}:{error.lineno}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is not JSON: {error}", place=place) from None
    _check(data, place)
    try:
        # Not strict: who wrote it was free to put 3.0 where 3 is meant, as dataclasses check nothing.
        return _adapter().validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        message = f"{field.lstrip('.')}: {first['msg'].lower()}"
        raise UsageError(f"is not a complete result: {message}", place=place) from None


def _check(data: Any, place: str) -> None:
    if not isinstance(data, dict) or "schema" not in data:
        raise UsageError(f'has no "schema": expected a {SCHEMA} document', place=place)
    schema, version = data["schema"], data.get("version")
    if schema != SCHEMA:
        raise UsageError(f"is a {schema!r} document, expected {SCHEMA!r}", place=place)
    if type(version) is not int:
        raise UsageError(f"has version {version!r}, expected {VERSION}", place=place)
    if version != VERSION:
        hint = "a newer holdfast wrote it" if version > VERSION else "run the gate again"
        raise UsageError(f"has version {version}, this holdfast reads {VERSION}: {hint}", place=place)


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


@cache
def _adapter() -> TypeAdapter[GateResult]:
    return TypeAdapter(GateResult)
