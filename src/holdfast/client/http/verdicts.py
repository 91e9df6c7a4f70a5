"""What an HTTP answer, or its absence, says of the dependency and of another attempt."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable

import httpx2

from holdfast.policy.call.judge import Judge, Verdict
from holdfast.policy.outcome import Outcome

__all__ = ["judge", "judge_error", "judge_response", "parse_retry_after"]

# The server says that it never will: RFC 9110, 15.6.2 (not implemented) and 15.6.6 (version not supported).
_HOPELESS = frozenset({501, 505})


def judge_response(response: httpx2.Response) -> Verdict | None:
    """A 5xx is the dependency's failure. A 429 is its refusal of *us*: no failure, but try later.

    Refused for want of room are a 429 and a 503 that says when to come back (RFC 9110, 15.6.4), as the
    refusals of a held service do; a bare 503 may as well be a proxy before a dead server.
    Everything else, other 4xx included, is an answer: the dependency works.
    """
    status = response.status_code
    if status < 500 and status != 429:
        return None
    if status == 429:
        return Verdict("status 429", Outcome.IGNORED, retry_after=_retry_after(response), shed=True)
    # Retry-After is defined with 503 (RFC 9110, 10.2.3); elsewhere it would be somebody's guess.
    retry_after = _retry_after(response) if status == 503 else None
    shed = retry_after is not None
    return Verdict(f"status {status}", retryable=status not in _HOPELESS, retry_after=retry_after, shed=shed)


def judge_error(error: Exception) -> Verdict | None:
    """Name the cause as `errors.CallFailed` does; None is the caller's own, such as a malformed URL."""
    if isinstance(error, httpx2.PoolTimeout):
        # The wait was for a connection of our own pool.
        return Verdict("pool", Outcome.IGNORED)
    if isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)):
        return Verdict("connect")
    if isinstance(error, httpx2.TimeoutException):
        return Verdict("timeout")
    if isinstance(error, (httpx2.NetworkError, httpx2.RemoteProtocolError)):
        return Verdict("reset")
    return None


judge: Judge[httpx2.Response] = Judge(judge_response, judge_error)
"""Both, for a pipeline."""


def parse_retry_after(value: str, wall: Callable[[], float] = time.time) -> float | None:
    """Return the seconds of a Retry-After, a number or an HTTP date by the wall clock; None if malformed."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value) if len(value) < 10 else None
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - wall())
    except (TypeError, ValueError, OverflowError):
        return None


def _retry_after(response: httpx2.Response) -> float | None:
    value = response.headers.get("retry-after")
    return None if value is None else parse_retry_after(value)
