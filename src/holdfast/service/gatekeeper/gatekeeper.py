"""One pure-ASGI class around the whole app: identity, admission, deadline and measurement in a single pass.

It is on every request, so it is measured in microseconds (benchmarks/gatekeeper.py). Each concern is an
object of its own that this pass calls; what this module owns is their order, and that whatever way a request
ends - answered, refused, expired, cancelled, failed - its permit comes back exactly once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from inspect import isroutine
from operator import itemgetter
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast.clock import Now, monotonic
from holdfast.errors import Shed
from holdfast.loop.held import Meter, measured
from holdfast.loop.route import REQUEST_ID
from holdfast.policy.admission.guard import AdmissionGuard
from holdfast.policy.admission.priority import NORMAL
from holdfast.policy.deadline import ambient
from holdfast.policy.deadline.config import DeadlineConfig
from holdfast.policy.deadline.core import allot, hurries
from holdfast.policy.deadline.wheel import Wheel
from holdfast.policy.enforcement import ENFORCED, Enforcement
from holdfast.policy.mode import Mode
from holdfast.policy.retry import layer
from holdfast.service.door import Door
from holdfast.service.gatekeeper.bodies import ANNOUNCES, Bodies, Incoming, Whole, announced
from holdfast.service.gatekeeper.exchange import Exchange, begin
from holdfast.service.gatekeeper.instead import Instead
from holdfast.service.gatekeeper.ledger import Ledger
from holdfast.service.gatekeeper.lookout import Lookout
from holdfast.service.gatekeeper.opened import Opened
from holdfast.service.gatekeeper.task import task_of
from holdfast.service.gatekeeper.terms import Terms
from holdfast.service.gatekeeper.watched import Watched
from holdfast.service.gatekeeper.wishes import NAMES, Wishes, read
from holdfast.service.identity import Identity
from holdfast.telemetry.board import FlightRing

if TYPE_CHECKING:
    from holdfast.service.priority import Classifier

__all__ = ["Gatekeeper"]

_READ = NAMES | ANNOUNCES
_NAME = itemgetter(0)


class Gatekeeper:
    """Passes requests to `app`; belongs to one event loop.

    `refuse` is the ASGI app that answers those who are not admitted; `classifier` says how important a
    request is, and is asked only when there is no room; `probes` answers by path without admission, whatever
    the load. `timing`: whether every answer tells how long it took (Server-Timing); where not, those do to
    whom `trusted` says that they may know it. `terms` finds what the budget says of a request's route, None
    where it says nothing of any. `would` is told of deadlines that are only observed. `opened` is where
    answers without a known length are noted. `late` is called for every request whose deadline passed, `gone`
    for every one that was cancelled because its client had left: it is in no histogram. `flight` is where
    requests are recorded for whoever finds this worker dead; `held` is told of some requests how many seconds
    they held the loop, in all and at most at once. `door` says who is refused without having waited. `bodies`
    says how long a body is waited for before its request is let in, and `instead` has what is answered in the
    app's place.
    """

    __slots__ = (
        "_admission",
        "_app",
        "_bodies",
        "_classifier",
        "_count_gone",
        "_count_late",
        "_deadline",
        "_default",
        "_door",
        "_enforced",
        "_flight",
        "_held",
        "_identity",
        "_late",
        "_ledger",
        "_meter",
        "_note",
        "_now",
        "_observed",
        "_opened",
        "_probes",
        "_refuse",
        "_slow",
        "_task",
        "_terms",
        "_timing",
        "_trusted",
        "_until_measured",
        "_wheel",
        "_would",
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
        bodies: Bodies,
        instead: Instead,
        probes: Mapping[str, ASGIApp],
        timing: bool = False,
        trusted: Callable[[Scope], bool] | None = None,
        terms: Callable[[Scope], Terms | None] | None = None,
        would: Enforcement = ENFORCED,
        opened: Opened | None = None,
        late: Callable[[], None] = lambda: None,
        gone: Callable[[], None] = lambda: None,
        classifier: Classifier | None = None,
        flight: FlightRing | None = None,
        held: Callable[[Scope, float, float], None] | None = None,
        door: Door | None = None,
        now: Now = monotonic,
    ) -> None:
        # Calling an instance looks for its `__call__` each time.
        self._app: ASGIApp = app if isroutine(app) else app.__call__  # type: ignore[operator]
        self._flight = flight
        self._held = held
        self._door = door
        self._meter = Meter()
        self._until_measured = 1
        self._task = task_of(asyncio.get_running_loop())
        self._identity = identity
        self._admission = admission
        self._classifier = classifier
        self._note = admission.core.note if admission.learns else None
        self._deadline = deadline
        self._enforced = deadline.allots and deadline.mode is Mode.ENFORCE
        self._observed = deadline.allots and deadline.mode is Mode.OBSERVE
        self._would = would
        self._default = deadline.default or 0.0
        self._wheel = wheel
        self._ledger = ledger
        self._refuse = refuse
        self._bodies = bodies
        self._late, self._slow = instead.late, instead.slow
        self._probes = probes
        self._timing = now if timing else None
        self._trusted = trusted
        self._now = now
        self._count_late = late
        self._count_gone = gone
        self._terms = terms
        self._opened = opened

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one HTTP request."""
        probe = self._probes.get(scope["path"])
        if probe is not None:
            return probe(scope, receive, send)
        if _READ.isdisjoint(map(_NAME, scope["headers"])):
            return self._serve(scope, receive, send)
        headers = dict(scope["headers"])
        wishes, body = read(headers), announced(headers, self._bodies, receive, self._slow)
        if body is None:
            return self._serve(scope, receive, send, *wishes)
        return self._wait_for(body, scope, receive, send, wishes)

    async def _wait_for(
        self, body: Whole | Incoming, scope: Scope, receive: Receive, send: Send, wishes: Wishes
    ) -> None:
        """Let the request come to the gate when its body has come, unless it would be refused there now."""
        door = self._door
        if door is not None and not door.calm():
            priority = NORMAL if self._classifier is None else self._classifier(scope)
            if door.turns_away(self._now(), priority):
                await self._refuse(scope, receive, send)
                return
        try:
            if await body.here():
                await self._serve(scope, body.receive, send, *wishes, body.coming)
            elif body.late:
                await self._slow(scope, receive, send)
        finally:
            body.close()

    async def _serve(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        inbound: bytes | None = None,
        asked: float | None = None,
        attempt: int = 1,
        coming: Incoming | None = None,
    ) -> None:
        began = entered = self._now()
        admission, classifier, priority, waited = self._admission, self._classifier, NORMAL, False
        if not admission.try_enter():
            waited = True
            if classifier is not None:
                priority = classifier(scope)
            if self._door is not None and self._door.turns_away(began, priority):
                await self._refuse(scope, receive, send)
                return
            try:
                await admission.enter(priority)
            except Shed:
                await self._refuse(scope, receive, send)
                return
            entered = self._now()
        terms = None if self._terms is None else self._terms(scope)
        timing = self._timing
        if timing is None and self._trusted is not None and self._trusted(scope):
            timing = self._now
        at = would = None
        watched = False
        if terms is not None:
            watched, own = terms.watched, terms.deadline or self._deadline
            if own.allots:
                at = allot(own, began, asked)
                if own.mode is Mode.OBSERVE:
                    at, would = None, at
        elif self._enforced:
            at = began + self._default if asked is None else allot(self._deadline, began, asked)
        elif self._observed:
            would = allot(self._deadline, began, asked)
        identity = self._identity
        request_id = (next(identity.made, None) if inbound is None else None) or identity.accept(inbound)
        exchange = begin(
            Watched if watched else Exchange,
            scope,
            send,
            began,
            request_id,
            self._task(),
            at,
            self._wheel,
            ambient.frame(),
            timing,
            self._opened,
            self._late,
        )
        framed = ambient.enter(exchange)
        lookout = None
        if would is not None:
            lookout = Lookout(exchange, self._would)
            self._wheel.add(would, lookout)
        if waited:
            exchange.entered = entered
        scope[REQUEST_ID] = request_id
        flight = self._flight
        recorded = None if flight is None else flight.begin(scope, request_id, began, entered, exchange)
        marked = layer.retried(attempt) if attempt > 1 else None
        if coming is not None:
            coming.exchange = exchange
        if watched:
            assert isinstance(exchange, Watched)  # noqa: S101 - see above
            receive = exchange.watch(receive, scope["headers"])
        note = self._note
        try:
            if waited and at is not None and at <= self._now():
                note = None  # nothing was tried
                await exchange.answer_late()  # it waited too long to begin now
            else:
                work = self._app(scope, receive, exchange.send)
                self._until_measured -= 1
                if not self._until_measured:
                    work = self._measured(work, scope)
                await work
                if exchange.overtaken:
                    await exchange.answer_late()  # it is on its way: see it out
        except asyncio.CancelledError:
            if not exchange.absorb():
                raise
            await exchange.answer_late()
        except Exception:
            if exchange.overtaken:
                await exchange.answer_late()  # before the server has one of its own
            raise
        finally:
            admission.leave()
            exchange.disarm()
            if lookout is not None:
                lookout.cancel()
            ambient.restore(framed)
            if marked is not None:
                layer.restore(marked)
            if exchange.overtaken:
                exchange.status = exchange.overtaken
                if exchange.overtaken == 504:
                    self._count_late()
            now = self._now()
            if recorded is not None and flight is not None:
                flight.end(recorded, now, exchange.status)
            if exchange.gone:
                self._count_gone()
            else:
                # How long a stream stays open is its client's affair; what was waited for is its first part.
                self._ledger.enter(scope, exchange, now if exchange.stream is None else exchange.stream.began)
                # Who waited for his client, to send or to take, says nothing of the work.
                if note is not None and exchange.stream is None and coming is None:
                    status = exchange.status
                    # What the client got wrong took no work, and what was cut took what it was given.
                    if 200 <= status < 400:
                        note(now, now - entered)
                    # To be late for him alone who gave less time does not say that too many are inside.
                    elif status >= 500 and not (exchange.overtaken and self._hurries(asked, terms)):
                        admission.core.note_failure()
            if waited and classifier is not None:
                classifier.check(scope, priority)

    def _hurries(self, asked: float | None, terms: Terms | None) -> bool:
        return hurries(terms.deadline if terms and terms.deadline else self._deadline, asked)

    def _measured(self, work: Awaitable[None], scope: Scope) -> Awaitable[None]:
        """Return `work` so that it is measured how long it holds the loop."""
        self._until_measured = self._meter.gap()
        return work if self._held is None else measured(work, partial(self._held, scope))
