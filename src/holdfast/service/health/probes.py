"""Probes on the app's own port: for a service that runs without a supervisor.

Under `holdfast serve` the admin port answers the same questions for all workers, also while a loop is
blocked; here one worker speaks for itself, whatever the load, because probes are not subject to admission.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["LIVEZ", "READYZ", "STARTUPZ", "probes"]

LIVEZ = "/livez"
READYZ = "/readyz"
STARTUPZ = "/startupz"


def probes(ready: Callable[[], bool]) -> dict[str, ASGIApp]:
    """Return the probes by path; `ready` says whether this worker takes traffic."""
    always = _Probe(lambda: True)  # whoever answers lives, and has started
    return {LIVEZ: always, READYZ: _Probe(ready), STARTUPZ: always}


class _Probe:
    """Answers 200 "ok" or 503 "not ready"."""

    __slots__ = ("_holds",)

    def __init__(self, holds: Callable[[], bool]) -> None:
        self._holds = holds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, without reading anything."""
        holds = self._holds()
        body = b"ok\n" if holds else b"not ready\n"
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 200 if holds else 503, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
