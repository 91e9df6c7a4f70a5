"""problem+json (RFC 9457): the one form in which the service says no.

`type` is "urn:holdfast:WORD", WORD also being the value of the `holdfast-outcome` header, so that a load
balancer, a client or the gate can tell a refusal from a failure without parsing a body.
"""

from __future__ import annotations

import json
import math

from holdfast.errors import DeadlineExceeded, DependencyUnavailable, Refusal, Shed

__all__ = ["JSON", "OUTCOME", "Headers", "outcome_of", "render"]

Headers = list[tuple[bytes, bytes]]

JSON = b"application/problem+json"
OUTCOME = b"holdfast-outcome"

_TITLES = {
    "shed": "The service is at its limit",
    "deadline": "The request ran out of time",
    "dependency": "A dependency is not available",
    "error": "The service failed",
}


def outcome_of(refusal: Refusal) -> str:
    """Return the word for a refusal: "shed", "deadline" or "dependency"."""
    match refusal:
        case Shed():
            return "shed"
        case DeadlineExceeded():
            return "deadline"
        case DependencyUnavailable():
            return "dependency"
        case _:
            return "error"


def render(
    word: str,
    status: int,
    detail: str,
    *,
    request_id: str = "",
    retry_after: float | None = None,
    dependency: str = "",
) -> tuple[Headers, bytes]:
    """Return headers and body of a problem answer; `retry_after` in seconds is rounded up, 1 at least."""
    document = {"type": f"urn:holdfast:{word}", "title": _TITLES[word], "status": status, "detail": detail}
    if request_id:
        document["request_id"] = request_id
    if dependency:
        document["dependency"] = dependency
    headers: Headers = [(b"content-type", JSON), (OUTCOME, word.encode("ascii"))]
    if retry_after is not None:
        seconds = max(1, math.ceil(retry_after))
        document["retry_after"] = seconds
        headers.append((b"retry-after", str(seconds).encode("ascii")))
    body = json.dumps(document).encode()
    headers.append((b"content-length", str(len(body)).encode("ascii")))
    return headers, body
