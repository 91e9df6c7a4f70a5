"""One pure-ASGI class around the whole app: identity, admission, deadline and measurement in a single pass.

It is on every request, so it is measured in microseconds (benchmarks/gatekeeper.py). Each concern is an
object of its own that this pass calls; what this module owns is their order, and that whatever way a request
ends - answered, refused, expired, cancelled, failed - its permit comes back exactly once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast.clock import Now, monotonic
from holdfast.errors import Shed
from holdfast.policy.admission.guard import AdmissionGuard
from holdfast.policy.deadline import ambient
from holdfast.policy.deadline.config import DeadlineConfig
from holdfast.policy.deadline.core import allot
from holdfast.policy.deadline.header import parse_grpc_timeout, parse_request_timeout
from holdfast.policy.deadline.wheel import Wheel
from holdfast.policy.mode import Mode
from holdfast.policy.retry import layer
from holdfast.service.gatekeeper.exchange import Exchange
from holdfast.service.gatekeeper.ledger import Ledger
from holdfast.service.identity import HEADER, Identity, current

__all__ = ["Gatekeeper"]

_REQUEST_TIMEOUT = b"x-request-timeout"
_GRPC_TIMEOUT = b"grpc-timeout"
_ATTEMPT = layer.HEADER.encode("ascii")
_READ = frozenset((HEADER, _REQUEST_TIMEOUT, _GRPC_TIMEOUT, _ATTEMPT))


def _wishes(headers: Mapping[bytes, bytes]) -> tuple[bytes | None, float | None, int]:
    """Return what the caller asks for: a request id, the seconds it is prepared to wait, and which attempt
    this is: of a caller who retries, nothing below retries too."""
    asked = parse_request_timeout(headers.get(_REQUEST_TIMEOUT, b""))
    if asked is None:
        asked = parse_grpc_timeout(headers.get(_GRPC_TIMEOUT, b""))
    attempt = headers.get(_ATTEMPT, b"")
    number = int(attempt) if attempt.isdigit() and len(attempt) < 4 else 1
    return headers.get(HEADER), asked, number


_NOTHING = (None, None, 1)


class Gatekeeper:
    """Passes requests to `app`; belongs to one event loop.

    `refuse` is the ASGI app that answers those who are not admitted; `probes` answers by path without
    admission, whatever the load. `timing`: whether every answer tells how long it took (Server-Timing).
    `late` is called for every request whose deadline passed.
    """

    __slots__ = (
        "_admission",
        "_app",
        "_count_late",
        "_deadline",
        "_default",
        "_enforced",
        "_identity",
        "_ledger",
        "_now",
        "_probes",
        "_refuse",
        "_timing",
        "_wheel",
    )

    def __init__(
        self,
        app: ASGIApp,
        *,
        identity: Identity,
        admission: AdmissionGuard,
        deadline: DeadlineConfig,
        wheel: Wheel,
        ledger: Ledger,
        refuse: ASGIApp,
        probes: Mapping[str, ASGIApp],
        timing: bool = False,
        late: Callable[[], None] = lambda: None,
        now: Now = monotonic,
    ) -> None:
        self._app = app
        self._identity = identity
        self._admission = admission
        self._deadline = deadline
        self._enforced = deadline.mode is Mode.ENFORCE
        self._default = deadline.default or 0.0
        self._wheel = wheel
        self._ledger = ledger
        self._refuse = refuse
        self._probes = probes
        self._timing = now if timing else None
        self._now = now
        self._count_late = late

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        probe = self._probes.get(scope["path"])
        if probe is not None:
            await probe(scope, receive, send)
            return
        began = self._now()
        admission, waited = self._admission, False
        if not admission.try_enter():
            waited = True
            try:
                await admission.enter()
            except Shed:
                await self._refuse(scope, receive, send)
                return
        inbound, asked, attempt = _NOTHING
        for name, _ in scope["headers"]:
            if name in _READ:
                inbound, asked, attempt = _wishes(dict(scope["headers"]))
                break
        exchange = Exchange(send, began, self._identity.accept(inbound), self._timing)
        named = current.set(exchange.request_id)
        marked = layer.retried(attempt) if attempt > 1 else None
        enforced = self._enforced
        if enforced:
            at = began + self._default if asked is None else allot(self._deadline, began, asked)
            exchange.arm(self._wheel, at)
            timed = ambient.tighten(at)
        try:
            if waited and enforced and at is not None and at <= self._now():
                await exchange.answer_late()  # it waited too long to begin now
            else:
                await self._app(scope, receive, exchange.send)
        except asyncio.CancelledError:
            if not exchange.absorb():
                raise
            await exchange.answer_late()
        finally:
            admission.leave()
            if enforced:
                exchange.disarm()
                ambient.restore(timed)
            if marked is not None:
                layer.restore(marked)
            current.reset(named)
            if exchange.late:
                exchange.status = 504
                self._count_late()
            self._ledger.enter(scope, exchange, self._now() - began)
