"""problem+json (RFC 9457): the one form in which the service says no.

`type` is "urn:holdfast:WORD", WORD also being the value of the `holdfast-outcome` header, so that a load
balancer, a client or the gate can tell a refusal from a failure without parsing a body.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from types import MappingProxyType

from holdfast.errors import (
    DeadlineExceeded,
    DependencyUnavailable,
    RateLimited,
    Refusal,
    Shed,
    UploadRefused,
    UploadTooLarge,
    UploadUnsupported,
)

__all__ = ["JSON", "OUTCOME", "Headers", "more_of", "outcome_of", "render"]

Headers = list[tuple[bytes, bytes]]

JSON = b"application/problem+json"
OUTCOME = b"holdfast-outcome"

_TITLES = {
    "shed": "The service is at its limit",
    "deadline": "The request ran out of time",
    "incomplete": "The request did not come in time",
    "dependency": "A dependency is not available",
    "ratelimited": "Too many calls",
    "upload": "The upload is refused",
    "error": "The service failed",
}


def outcome_of(refusal: Refusal) -> str:
    """Return the word for a refusal: "shed", "deadline", "dependency", "ratelimited" or "upload"."""
    match refusal:
        case Shed():
            return "shed"
        case DeadlineExceeded():
            return "deadline"
        case DependencyUnavailable():
            return "dependency"
        case RateLimited():
            return "ratelimited"
        case UploadRefused():
            return "upload"
        case _:
            return "error"


def more_of(refusal: Refusal) -> Mapping[str, object]:
    """Return what the document of a refusal says beyond the usual members.

    `violated-policies` is the extension of draft-ietf-httpapi-ratelimit-headers.
    """
    match refusal:
        case DependencyUnavailable():
            return {"dependency": refusal.dependency}
        case RateLimited():
            return {"violated-policies": list(refusal.violated)}
        case UploadTooLarge():
            return {"limit": refusal.limit, "unit": refusal.unit}
        case UploadUnsupported():
            return {"accepted": list(refusal.accepted)}
        case _:
            return {}


def render(
    word: str,
    status: int,
    detail: str,
    *,
    request_id: str = "",
    retry_after: float | None = None,
    more: Mapping[str, object] = MappingProxyType({}),
) -> tuple[Headers, bytes]:
    """Return headers and body of a problem answer; `retry_after` in seconds is rounded up, 1 at least.

    `more`: further members of the document.
    """
    document: dict[str, object] = {
        "type": f"urn:holdfast:{word}",
        "title": _TITLES[word],
        "status": status,
        "detail": detail,
    }
    if request_id:
        document["request_id"] = request_id
    document |= more
    headers: Headers = [(b"content-type", JSON), (OUTCOME, word.encode("ascii"))]
    if retry_after is not None:
        seconds = max(1, math.ceil(retry_after))
        document["retry_after"] = seconds
        headers.append((b"retry-after", str(seconds).encode("ascii")))
    body = json.dumps(document).encode()
    headers.append((b"content-length", str(len(body)).encode("ascii")))
    return headers, body
