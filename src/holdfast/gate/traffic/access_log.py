"""Access logs: the combined format of nginx and Apache, Uvicorn's, and JSON objects, a line each.

A log does not hold bodies. Uvicorn's own lines hold no time either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from holdfast.gate.shape.spec import METHODS
from holdfast.gate.traffic.recorded import Recorded, Recording

__all__ = ["parse"]

_REQUEST = r'"(?P<method>[A-Z]+) (?P<target>/\S*) HTTP/[\d.]+" (?P<status>\d{3})'
_COMBINED = re.compile(r"\S+ \S+ .*?\[(?P<time>[^\]]+)\] " + _REQUEST)
_UVICORN = re.compile(r"(?:INFO:?\s+)?\S*:\d+ - " + _REQUEST)

_METHOD_KEYS = ("method", "request_method", "http.request.method", "http_method", "verb")
_TARGET_KEYS = ("request_uri", "uri", "url", "target", "path", "url.path", "http.target")
_STATUS_KEYS = ("status", "status_code", "http.response.status_code", "response_status")
_TIME_KEYS = ("time", "timestamp", "@timestamp", "ts", "time_iso8601", "msec", "time_local", "datetime")
_LINE = re.compile(r"([A-Z]+) (/\S*)(?: HTTP/[\d.]+)?")
_ORIGIN = re.compile(r"^[a-z]+://[^/?#]*")
_MILLISECONDS = 1e11
"""A number above this is a time in milliseconds: in seconds it would be the year 5138."""


def parse(lines: Iterable[str]) -> Recording:
    """Read the lines of a log; lines that are none of its formats are counted and left out."""
    found, skipped = [], 0
    for line in lines:
        text = line.strip()
        if not text:
            continue
        one = _json(text) if text.startswith("{") else _plain(text)
        if one is None or one.method not in METHODS or not one.target.startswith("/"):
            skipped += 1
        else:
            found.append(one)
    return Recording(tuple(found), skipped)


def _plain(text: str) -> Recorded | None:
    combined = _COMBINED.match(text)
    matched = combined or _UVICORN.search(text)
    if matched is None:
        return None
    at = _local(combined["time"]) if combined else None
    return _recorded(matched["method"], matched["target"], at, int(matched["status"]))


def _json(text: str) -> Recorded | None:
    try:
        entry = json.loads(text)
    except ValueError:
        return None
    if not isinstance(entry, dict):
        return None
    method, target = _first(entry, _METHOD_KEYS), _first(entry, _TARGET_KEYS)
    request = entry.get("request")
    if isinstance(request, str) and (said := _LINE.fullmatch(request)):
        method, target = said[1], said[2]
    elif isinstance(request, dict):  # as Caddy and Traefik nest it
        method, target = method or _first(request, _METHOD_KEYS), target or _first(request, _TARGET_KEYS)
    if not isinstance(method, str) or not isinstance(target, str):
        return None
    status = _first(entry, _STATUS_KEYS)
    known = isinstance(status, int) or (isinstance(status, str) and status.isdigit())
    return _recorded(
        method.upper(),
        _ORIGIN.sub("", target),
        _time(_first(entry, _TIME_KEYS)),
        int(status) if known else None,
    )


def _recorded(method: str, target: str, at: float | None, status: int | None) -> Recorded:
    return Recorded(method, target, at, status, wants_body=method in {"POST", "PUT", "PATCH"})


def _first(entry: Mapping[str, Any], keys: Iterable[str]) -> Any:
    return next((entry[key] for key in keys if entry.get(key) is not None), None)


def _time(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return _iso(value) or _local(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) / 1000 if value > _MILLISECONDS else float(value)


def _iso(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _local(text: str) -> float | None:
    try:
        return datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z").timestamp()
    except ValueError:
        return None
