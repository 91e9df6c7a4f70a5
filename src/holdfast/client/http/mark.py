"""What an attempt tells the other side: how long its answer is wanted, and whether it is a retry already."""

from __future__ import annotations

import httpx2

from holdfast.policy.deadline.header import parse_request_timeout, render_request_timeout
from holdfast.policy.retry import layer

__all__ = ["asked", "mark"]

_TIMEOUT = "x-request-timeout"


def asked(request: httpx2.Request) -> float | None:
    """Return the seconds that the caller itself wrote, before any attempt."""
    return parse_request_timeout(request.headers.get(_TIMEOUT, ""))


def mark(request: httpx2.Request, left: float | None, asked: float | None) -> None:
    """Write both into the headers; `left`: seconds that the attempt has, `asked`: see `asked`."""
    if left is not None:
        request.headers[_TIMEOUT] = render_request_timeout(left if asked is None else min(asked, left))
    above = layer.attempt_above()
    if above > 1:
        request.headers[layer.HEADER] = str(above)
