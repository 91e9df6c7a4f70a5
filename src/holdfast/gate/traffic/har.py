"""HAR 1.2: what a browser's network panel saves, bodies and headers included."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from holdfast.gate.shape.spec import METHODS
from holdfast.gate.traffic.recorded import Recorded, Recording

__all__ = ["parse"]

_KEPT = frozenset({"accept", "accept-language", "content-type"})
"""Headers that decide what is answered. Cookies and credentials are somebody's: they stay where they are."""


def parse(document: Mapping[str, Any]) -> Recording:
    """Read the entries of a HAR document; what is no HTTP request, or has a body that is no JSON, is left
    out.
    """
    found, skipped = [], 0
    for entry in document["log"]["entries"]:
        one = _recorded(entry) if isinstance(entry, dict) else None
        if one is None:
            skipped += 1
        else:
            found.append(one)
    found.sort(key=lambda one: one.at or 0.0)
    return Recording(tuple(found), skipped)


def _recorded(entry: Mapping[str, Any]) -> Recorded | None:
    try:
        request = entry["request"]
        method, url = str(request["method"]).upper(), urlsplit(str(request["url"]))
        at = datetime.fromisoformat(str(entry["startedDateTime"])).timestamp()
        headers = {str(one["name"]).lower(): str(one["value"]) for one in request.get("headers", ())}
        posted = request.get("postData") or {}
        body = json.loads(posted["text"]) if posted.get("text") else None
        status = entry.get("response", {}).get("status")
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    if method not in METHODS or url.scheme not in {"http", "https"}:
        return None
    if body is not None and not isinstance(body, dict | list):  # in a budget a string is a file's path
        return None
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    kept = {name: value for name, value in headers.items() if name in _KEPT}
    if body is not None:
        kept.pop("content-type", None)  # a JSON body says so by itself
    return Recorded(method, target, at, status if isinstance(status, int) else None, kept, body)
