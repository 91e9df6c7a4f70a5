"""Sending a response that was kept."""

from __future__ import annotations

from starlette.types import Send

from holdfast.policy.httpcache import Stored

__all__ = ["respond", "timeout"]


async def respond(stored: Stored, send: Send, now: float) -> None:
    """Send `stored` as it is, with its age. `now`: seconds since 1970."""
    headers = [*stored.headers, (b"age", b"%d" % stored.age_at(now))]
    await send({"type": "http.response.start", "status": stored.status, "headers": headers})
    await send({"type": "http.response.body", "body": stored.body, "more_body": False})


async def timeout(send: Send) -> None:
    """Say that nothing is stored, to who wants nothing else (RFC 9111, 5.2.1.7)."""
    headers = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 504, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
