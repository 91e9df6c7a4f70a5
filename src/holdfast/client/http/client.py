"""The clients of one dependency, from its section of the budget."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Protocol

import httpx2

from holdfast.client.http.address import base_url
from holdfast.client.http.blocking import BlockingPolicyTransport
from holdfast.client.http.fallback import AnswerFallback
from holdfast.client.http.lane import Lane
from holdfast.client.http.traced import TracedBlockingTransport, TracedTransport
from holdfast.client.http.transport import STREAM, PolicyTransport
from holdfast.client.state import DependencyState
from holdfast.client.threads import Home
from holdfast.clock import Now, monotonic
from holdfast.policy.call.config import CallConfig, DependencySection
from holdfast.policy.mode import Mode

__all__ = ["BlockingClient", "DependencyClient", "HttpSection", "blocking_client", "client"]

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

    `state.config`: the policies, with `missing` naming the numbers that nobody has decided.
    """

    def __init__(self, state: DependencyState, transport: PolicyTransport, **options: Any) -> None:
        super().__init__(transport=transport, **options)
        self.config = state.config
        self.policies = transport
        self._shared = state

    @property
    def in_flight(self) -> int:
        """Calls in flight on the running loop; 0 where the budget decides no bulkhead, which counts them."""
        return self._shared.in_flight

    async def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        """Send `request`; with `stream` the caller reads and closes the answer, see PolicyTransport."""
        request.extensions[STREAM] = stream
        return await super().send(request, stream=stream, **options)


class BlockingClient(httpx2.Client):
    """An httpx2.Client in every respect, for threads; see DependencyClient."""

    def __init__(self, state: DependencyState, transport: BlockingPolicyTransport, **options: Any) -> None:
        super().__init__(transport=transport, **options)
        self.config = state.config
        self.policies = transport

    def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        """Send `request`; with `stream` the caller reads and closes the answer."""
        request.extensions[STREAM] = stream
        return super().send(request, stream=stream, **options)


def client(
    name: str,
    section: HttpSection,
    *,
    state: DependencyState,
    fallback: AnswerFallback | None = None,
    environ: Mapping[str, str] = os.environ,
    **options: Any,
) -> DependencyClient:
    """Return the client of dependency `name`. Nothing is connected or started; close it with `aclose`.

    `fallback`: the degraded answer. Without one the budget's `fallback` decides: given, a failure is raised
    as a Refusal that the service's error handler turns into a clear 503; missing, a failed answer is passed
    on as it is, while where there is none a CallFailed is raised. `state`: the policies, shared with whatever
    else reaches the dependency. `options` are httpx2.AsyncClient's own (headers, auth, verify, http2, ...),
    but for `transport`. Raises UsageError if the address is not to be had.
    """
    wire = _wire(state.config, options)

    def lane() -> Lane:
        return Lane(state.pipelines.current(), TracedTransport(name, **wire))

    _address(name, section, state.config, environ, options)
    return DependencyClient(state, PolicyTransport(lane, fallback=fallback), **options)


def blocking_client(
    name: str,
    section: HttpSection,
    *,
    state: DependencyState,
    home: Home,
    fallback: AnswerFallback | None = None,
    environ: Mapping[str, str] = os.environ,
    now: Now = monotonic,
    **options: Any,
) -> BlockingClient:
    """Return the client of dependency `name` for threads; see `client`. Close it with `close`.

    `home`: the loop on which its policies run.
    """
    pool = TracedBlockingTransport(name, **_wire(state.config, options))
    transport = BlockingPolicyTransport(state, home, pool, fallback=fallback, now=now)
    _address(name, section, state.config, environ, options)
    return BlockingClient(state, transport, **options)


def _wire(config: CallConfig, options: dict[str, Any]) -> dict[str, Any]:
    """Take from `options` what the transport to the network is made of."""
    wire = {key: options.pop(key) for key in ("verify", "cert", "http1", "http2", "proxy") if key in options}
    # Loading the authorities takes tens of milliseconds: now, not on the loop with the first request.
    verify = httpx2.create_ssl_context(verify=wire.get("verify", True), cert=wire.pop("cert", None))
    return wire | {"verify": verify, "limits": _limits(config)}


def _address(
    name: str, section: HttpSection, config: CallConfig, environ: Mapping[str, str], options: dict[str, Any]
) -> None:
    options.setdefault("base_url", base_url(name, section.url_env, environ))
    options.setdefault("timeout", _phases(section, config.timeout_mode))


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
