"""What a caller reads whose key does not run the request: problem+json, each with a type of its own."""

from __future__ import annotations

import json
import math

from starlette.responses import Response

from holdfast.errors import DependencyUnavailable, KeyInFlight, KeyInvalid, KeyReused, OutcomeUnknown, Refusal
from holdfast.policy.idempotency import Answer
from holdfast.service.identity import request_id as current_id
from holdfast.service.problem import JSON, OUTCOME, Headers

__all__ = ["REPLAYED", "WORDS", "Problem", "failed", "not_kept", "problem", "replay"]

REPLAYED = (b"idempotency-replayed", b"true")
"""On every answer that was stored before."""

WORDS: dict[type[Refusal], tuple[str, str]] = {
    KeyInvalid: ("key-invalid", "The Idempotency-Key is missing or malformed"),
    KeyInFlight: ("key-in-flight", "A request with this Idempotency-Key is in flight"),
    KeyReused: ("key-reused", "The Idempotency-Key was used with another payload"),
    OutcomeUnknown: ("outcome-unknown", "Whether the request had its effect is not known"),
    DependencyUnavailable: ("dependency", "A dependency is not available"),
}
"""Which `holdfast-outcome` and title a refusal has; its type is "urn:holdfast:WORD"."""

_RESOLVE = (
    "Do not send the request again under another key before its effect was looked for. Whoever runs the "
    "service can decide the outcome; the key then answers accordingly."
)


class Problem(Response):
    """A problem document, for ASGI messages as well as for a route to return."""

    def __init__(self, status: int, word: str, title: str, detail: str, **more: object) -> None:
        request_id = current_id()
        document = {"type": f"urn:holdfast:{word}", "title": title, "status": status, "detail": detail}
        document |= {"request_id": request_id} if request_id else {}
        super().__init__(json.dumps(document | more).encode(), status)
        headers: Headers = [(b"content-type", JSON), (OUTCOME, word.encode("ascii"))]
        wait = more.get("retry_after")
        if isinstance(wait, int):
            headers.append((b"retry-after", b"%d" % wait))
        headers.append((b"content-length", b"%d" % len(self.body)))
        self.raw_headers = headers


def problem(refusal: Refusal) -> Problem:
    """Return the problem document of a refusal."""
    word, title = next((WORDS[kind] for kind in WORDS if isinstance(refusal, kind)), ("error", "No"))
    more: dict[str, object] = {}
    if refusal.retry_after is not None:
        more["retry_after"] = max(1, math.ceil(refusal.retry_after))
    if isinstance(refusal, OutcomeUnknown):
        more["resolution"] = _RESOLVE
    if isinstance(refusal, DependencyUnavailable):
        more["dependency"] = refusal.dependency
    return Problem(refusal.status, word, title, str(refusal), **more)


def failed(detail: str) -> Problem:
    """Return what a caller reads where the service is at fault."""
    return Problem(500, "error", "The service failed", detail)


def not_kept(answer: Answer) -> Problem:
    """Return what a repeated request reads whose answer was too large to be kept."""
    detail = (
        f"the request was done once and answered with {answer.status}; the answer was too large to be kept, "
        "so that it cannot be repeated"
    )
    title = "The request was done, and its answer was not kept"
    made = Problem(409, "answer-not-kept", title, detail, answered=answer.status)
    made.raw_headers.append(REPLAYED)
    return made


def replay(answer: Answer) -> Response:
    """Return a kept answer, marked as such."""
    if answer.body is None:
        return not_kept(answer)
    response = Response(answer.body, answer.status)
    headers = [*answer.headers, REPLAYED]
    if answer.status >= 200 and answer.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(answer.body)))
    response.raw_headers = headers
    return response
