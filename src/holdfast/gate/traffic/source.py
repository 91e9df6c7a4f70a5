"""Which kind of record a file is, and what it says as requests of a budget."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.errors import UsageError
from holdfast.gate.shape.spec import RequestSpec
from holdfast.gate.traffic import access_log, har, openapi
from holdfast.gate.traffic.mix import mix_of
from holdfast.gate.traffic.recorded import Recording

__all__ = ["Found", "read", "recording"]

_WHOLE = 256 << 20
"""Bytes of a document that has to be read whole; a log is read by lines, however long it is."""


@dataclass(frozen=True, slots=True)
class Found:
    """`requests` with weights; `peak`: requests a second in the busiest minute, None where that is not told;
    `notes`: lines on what was left out, and why."""

    kind: str
    requests: Sequence[RequestSpec]
    peak: float | None
    notes: Sequence[str]


def read(path: Path, *, seed: int = 1) -> Found:
    """Read an OpenAPI document (JSON or YAML), a HAR file or an access log.

    Raises UsageError, with the file as its place, where it is none of these or holds no request.
    """
    document = _document(path)
    if document is not None and ("openapi" in document or "swagger" in document):
        specs, left = openapi.requests(document, seed=seed)
        return _found(path, "OpenAPI", specs, None, [f"left out: {line}" for line in left])
    taken = recording(path)
    mix = mix_of(taken.requests)
    notes = []
    if taken.skipped:
        notes.append(f"{taken.skipped} of {taken.skipped + mix.total} entries were not understood")
    if mix.dropped:
        notes.append(f"{mix.dropped} requests of rare routes are left out: less than 1% of all")
    for route, count in mix.bodiless:
        notes.append(f"left out: {count} x {route}: the record does not hold its body, add one by hand")
    return _found(path, "recorded", mix.requests, mix.peak, notes)


def recording(path: Path) -> Recording:
    """Read a HAR file or an access log as it was recorded.

    Raises UsageError where the file cannot be read or holds no request.
    """
    document = _document(path)
    if document is not None and isinstance(document.get("log"), dict):
        try:
            taken = har.parse(document)
        except (KeyError, TypeError):
            raise UsageError("a HAR file has log.entries, a list", place=str(path)) from None
    else:
        try:
            with path.open(encoding="utf-8", errors="replace") as lines:
                taken = access_log.parse(lines)
        except OSError as error:
            raise UsageError(f"cannot be read: {error.strerror}", place=str(path)) from None
    if not taken.requests:
        raise UsageError(
            "no request found: expected an OpenAPI document, a HAR file, or an access log (combined, "
            "Uvicorn's, or JSON objects)",
            place=str(path),
        )
    return taken


def _document(path: Path) -> Mapping[str, Any] | None:
    """Return the whole file as one document, None where it is none (a log)."""
    try:
        if path.stat().st_size > _WHOLE:
            return None
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", place=str(path)) from None
    try:
        document = json.loads(text)
    except ValueError:
        document = _yaml(text) if path.suffix in {".yaml", ".yml"} else None
    return document if isinstance(document, dict) else None


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _found(
    path: Path, kind: str, specs: Sequence[RequestSpec], peak: float | None, notes: list[str]
) -> Found:
    if not specs:
        why = "; ".join(notes) or "it names no operation"
        raise UsageError(f"no request can be made of it: {why}", place=str(path))
    return Found(kind, specs, peak, notes)
