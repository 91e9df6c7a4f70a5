"""Whether sending a request again does no harm."""

from __future__ import annotations

import httpx2

__all__ = ["repeatable"]

# Idempotent by RFC 9110, 9.2.2; QUERY by RFC 10008. CONNECT is not ours to send.
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"})


def repeatable(request: httpx2.Request) -> bool:
    """Return whether the method is idempotent, or a key makes it so, and the body can be sent twice.

    An Idempotency-Key is the caller's word that the other side honours it
    (draft-ietf-httpapi-idempotency-key-header).
    """
    if request.method not in _IDEMPOTENT and "idempotency-key" not in request.headers:
        return False
    return isinstance(request.stream, httpx2.ByteStream)
