"""Whether a body follows the head of a request, and how it is waited for."""

from __future__ import annotations

import math
from collections.abc import Mapping

from starlette.types import ASGIApp, Receive

from holdfast.service.gatekeeper.bodies.bodies import Bodies
from holdfast.service.gatekeeper.bodies.incoming import Incoming
from holdfast.service.gatekeeper.bodies.whole import Whole

__all__ = ["ANNOUNCES", "announced"]

_LENGTH = b"content-length"
_ENCODING = b"transfer-encoding"

ANNOUNCES = frozenset((_LENGTH, _ENCODING))
"""The headers that announce a body; in HTTP/1 a request without any of them has none (RFC 9112, 6.3)."""


def announced(
    headers: Mapping[bytes, bytes], bodies: Bodies, receive: Receive, slow: ASGIApp
) -> Whole | Incoming | None:
    """Return the body that `headers` announce; None: there is none."""
    length = headers.get(_LENGTH, b"0")
    size = math.inf if _ENCODING in headers or not length.isdigit() else int(length)
    if not size:
        return None
    # Who waits for 100-continue sends when the app asks: it may say no from the head alone.
    waits = b"expect" not in headers and bodies.roomy
    if waits and size <= bodies.ahead:
        return Whole(bodies, receive)
    return Incoming(bodies, receive, slow, waits=waits)
