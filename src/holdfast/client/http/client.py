"""The client of one dependency, from its section of the budget."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx2

from holdfast.client.http.address import base_url
from holdfast.client.http.fallback import AnswerFallback
from holdfast.client.http.lane import Lane
from holdfast.client.http.traced import TracedTransport
from holdfast.client.http.transport import STREAM, PolicyTransport
from holdfast.client.http.verdicts import judge
from holdfast.clock import Now, monotonic
from holdfast.events import Bus
from holdfast.policy.call.config import CallConfig, DependencySection
from holdfast.policy.call.pipeline import Pipeline
from holdfast.policy.mode import Mode
from holdfast.policy.retry import RetryBudget
from holdfast.telemetry import process

__all__ = ["DependencyClient", "HttpSection", "client"]

# Seconds that an unused connection is kept: below the 5 s after which Uvicorn and Node close theirs, so that
# no request meets a connection that is just being closed.
_KEEPALIVE = 4.0


class HttpSection(DependencySection, Protocol):
    """The budget's [dependency.NAME] of kind "http"."""

    @property
    def url_env(self) -> str | None:
        """The environment variable with the base URL."""


class DependencyClient(httpx2.AsyncClient):
    """An httpx2.AsyncClient in every respect; it tells its transport which answers are streamed.

    `config`: the policies, with `config.missing` naming the numbers that nobody has decided.
    """

    def __init__(self, config: CallConfig, transport: PolicyTransport, **options: Any) -> None:
        super().__init__(transport=transport, **options)
        self.config = config
        self.policies = transport

    @property
    def in_flight(self) -> int:
        """Calls in flight on the running loop; 0 where the budget decides no bulkhead, which counts them."""
        lane = self.policies.lanes.peek()
        bulkhead = None if lane is None else lane.pipeline.bulkhead
        return 0 if bulkhead is None else bulkhead.core.in_flight

    async def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        """Send `request`; with `stream` the caller reads and closes the answer, see PolicyTransport."""
        request.extensions[STREAM] = stream
        return await super().send(request, stream=stream, **options)


def client(
    name: str,
    section: HttpSection,
    *,
    bus: Bus | None = None,
    now: Now = monotonic,
    fallback: AnswerFallback | None = None,
    environ: Mapping[str, str] = os.environ,
    processes: int = 1,
    mode: Mode | None = None,
    retries: RetryBudget | None = None,
    random: Callable[[], float] = random.random,
    **options: Any,
) -> DependencyClient:
    """Return the client of dependency `name`. Nothing is connected or started; close it with `aclose`.

    `fallback`: the degraded answer. Without one the budget's `fallback` decides: given, a failure is raised
    as a Refusal that the service's error handler turns into a clear 503; missing, a failed answer is passed
    on as it is, while where there is none a CallFailed is raised. `processes`: workers x replicas that
    share the budget's numbers; `mode`: instead of the budget's; `retries`: the budget that all dependencies
    of this process share. `options` are httpx2.AsyncClient's own
    (headers, auth, verify, http2, ...), but for `transport`. Raises UsageError if the address is not to be
    had.
    """
    config = CallConfig.from_budget(name, section, processes=processes, mode=mode)
    wire = {key: options.pop(key) for key in ("verify", "cert", "http1", "http2", "proxy") if key in options}
    # Loading the authorities takes tens of milliseconds: now, not on the loop with the first request.
    wire["verify"] = httpx2.create_ssl_context(verify=wire.get("verify", True), cert=wire.pop("cert", None))

    def lane() -> Lane:
        # The process's own bus is asked for here, on the loop: the client may be older than a fork.
        pipeline = Pipeline(config, judge, bus=bus or process.bus(), retries=retries, now=now, random=random)
        return Lane(pipeline, TracedTransport(name, limits=_limits(config), **wire))

    options.setdefault("base_url", base_url(name, section.url_env, environ))
    options.setdefault("timeout", _phases(section, config.timeout_mode))
    return DependencyClient(config, PolicyTransport(lane, fallback=fallback), **options)


def _limits(config: CallConfig) -> httpx2.Limits:
    """As many connections as the bulkhead has permits: nobody waits for one. Without it, httpx2's own 100."""
    bulkhead = config.bulkhead
    enforced = bulkhead is not None and bulkhead.mode is Mode.ENFORCE
    size = bulkhead.limit if bulkhead is not None and enforced else 100
    return httpx2.Limits(max_connections=size, max_keepalive_connections=size, keepalive_expiry=_KEEPALIVE)


def _phases(section: HttpSection, mode: Mode) -> httpx2.Timeout:
    """The limits of the phases, which also hold while a caller reads a stream.

    A phase may take what the whole attempt may, connecting less. What the budget does not say stays as httpx2
    has it.
    """
    usual = httpx2.Timeout(5.0)
    if mode is not Mode.ENFORCE:
        return usual
    total = usual.read if section.timeout.total is None else section.timeout.total
    connect = usual.connect if section.timeout.connect is None else section.timeout.connect
    return httpx2.Timeout(total, connect=connect)
