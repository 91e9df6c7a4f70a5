"""`Holdfast(app)`: everything wired around one app."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Never, ParamSpec, TypeVar, overload

from fastapi import FastAPI, Response
from starlette.types import ASGIApp

from holdfast.errors import DependencyUnavailable, MissingNumber, UsageError
from holdfast.service import failure
from holdfast.service.causes import Causes
from holdfast.service.dependencies import Dependencies
from holdfast.service.drain.draining import Draining
from holdfast.service.features import Features
from holdfast.service.front import Front
from holdfast.service.identity import Identity
from holdfast.telemetry import process

if TYPE_CHECKING:
    from holdfast.budget import Budget, Loaded
    from holdfast.client.coroutine import CoroutineDependency
    from holdfast.client.http import BlockingClient, DependencyClient
    from holdfast.client.redis import DependencyRedis
    from holdfast.client.sql import BlockingDatabase, Database
    from holdfast.policy.mode import Mode
    from holdfast.service.cache import Cache, Caching
    from holdfast.service.drain.drain import Callback
    from holdfast.service.entrance import MakeGate, MakeLimit
    from holdfast.service.idempotency import Idempotent
    from holdfast.service.ratelimit import Cost, RateLimits
    from holdfast.service.response import OnPurge
    from holdfast.service.running import Running
    from holdfast.service.session import Sessions
    from holdfast.service.upload.sink import Sink

# The rest is imported where it is first used: `import holdfast` is on the start-up path of whatever imports
# the app, tests and tools included, and adds at most 60 ms to FastAPI's own import.

__all__ = ["Holdfast"]

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F")

_log = logging.getLogger("holdfast")


class Holdfast:
    """Holds a FastAPI app to its budget.

    `budget`: the file, or None to look for holdfast.toml (HOLDFAST_BUDGET, then from the working directory
    upwards); without one everything observes and a log line says so. `server_timing`: tell every caller how
    long its request took; only for callers that may know.

    `limit` makes the number that bounds what is in flight, and `gate` decides who enters, for each worker:
    instead of what the budget's `[admission]` chooses, see docs/admission.md.

    The constructor reads the budget, wraps the app and starts nothing; what runs is started by the app's
    lifespan, or by the first request where a server has none.

    Raises BudgetError with file:line for a budget that cannot be read.
    """

    def __init__(
        self,
        app: FastAPI,
        *,
        budget: Path | str | None = None,
        environment: str | None = None,
        server_timing: bool = False,
        limit: MakeLimit | None = None,
        gate: MakeGate | None = None,
    ) -> None:
        if getattr(app.state, "holdfast", None) is not None:
            raise UsageError("this app is held already: Holdfast(app) is called once")
        self._app = app
        self._timing = server_timing
        self._limit = limit
        self._gate = gate
        self._loaded = _find(budget, environment)
        if self.budget.trace.sample is not None:
            from holdfast.telemetry.traces.provider import require

            require(self.budget.trace, self._loaded.place("trace.sample"))
        self._dependencies = Dependencies(self._loaded)
        self._identity = Identity()
        self._on_drain: list[Callback] = []
        self._features = Features(app, self._loaded)
        self._front = Front(self._loaded, self._dependencies, run=self._run, parts=self._features.parts)
        self.draining = Draining(lambda: None if self._running is None else self._running.drain.draining)
        app.state.holdfast = self
        self._causes = Causes(lambda: process.slot().errors)
        failure.install(app, self._causes.named)
        if self.budget.ratelimit:
            from holdfast.service.ratelimit import prepare

            prepare(self._loaded)
        # Outermost: whatever middleware is added, now or later, the built stack ends up inside.
        build = app.build_middleware_stack
        app.build_middleware_stack = lambda: self._wrap(build())  # type: ignore[method-assign]

    @property
    def budget(self) -> Budget:
        """The budget, overlay and environment applied."""
        return self._loaded.budget

    def derived(self, path: str) -> int:
        """Return a derived number, as "dependency.db.pool" or "admission.limit", for one worker process.

        Raises MissingNumber when the budget lacks what it follows from.
        """
        from holdfast.service.numbers import numbers

        found = numbers(self._loaded).get(path)
        if found is None:
            raise MissingNumber((path,))
        return int(found.value)

    @overload
    def http(self, name: str, *, sync: Literal[True], **options: Any) -> BlockingClient: ...

    @overload
    def http(self, name: str, *, sync: Literal[False] = False, **options: Any) -> DependencyClient: ...

    def http(self, name: str, *, sync: bool = False, **options: Any) -> DependencyClient | BlockingClient:
        """Return the client of the HTTP dependency `name`: an httpx2.AsyncClient, policies in its transport.

        `sync`: an httpx2.Client instead, for `def` endpoints and other threads, under the same policies.
        `options` as `holdfast.client.http.client` takes them. Its connections are closed with the app's
        lifespan. Raises UsageError when the budget has no such dependency or holdfast[http] is not installed.
        """
        if sync:
            return self._dependencies.blocking_http(name, **options)
        return self._dependencies.http(name, **options)

    @overload
    def dependency(
        self,
        name: str,
        *,
        idempotent: bool = ...,
        failures: tuple[type[Exception], ...] = ...,
        mode: Mode | None = ...,
    ) -> CoroutineDependency[Never]: ...

    @overload
    def dependency(
        self,
        name: str,
        *,
        fallback: Callable[[DependencyUnavailable], F | Awaitable[F]],
        idempotent: bool = ...,
        failures: tuple[type[Exception], ...] = ...,
        mode: Mode | None = ...,
    ) -> CoroutineDependency[F]: ...

    @overload
    def dependency(
        self,
        name: str,
        *,
        fallback: F,
        idempotent: bool = ...,
        failures: tuple[type[Exception], ...] = ...,
        mode: Mode | None = ...,
    ) -> CoroutineDependency[F]: ...

    def dependency(self, name: str, **options: Any) -> CoroutineDependency[Any]:
        """Return the policies of the dependency `name` for any function, see docs/dependencies.md.

        It is a decorator of coroutine functions, and of `def` functions for threads; further
        `await dependency.call(func, ...)`, `async with dependency:` and `with dependency:`. All that is asked
        for by one name shares its breaker, its bulkhead and its retry budget. `fallback`: a value, or a
        function of the reason; without one a Refusal is raised, and becomes a 503 that names the dependency
        and says when to come back. `idempotent`, `failures`: see CoroutineDependency. `mode`: instead of the
        budget's. Raises UsageError when the budget has no such dependency.
        """
        return self._dependencies.coroutine(name, **options)

    @overload
    def sql(self, name: str, *, sync: Literal[True], **options: Any) -> BlockingDatabase: ...

    @overload
    def sql(self, name: str, *, sync: Literal[False] = False, **options: Any) -> Database: ...

    def sql(self, name: str, *, sync: bool = False, **options: Any) -> Database | BlockingDatabase:
        """Return the database of the dependency `name`: engine, sessions and transactions, see docs/sql.md.

        `sync`: its sessions are SQLAlchemy's plain ones, for `def` endpoints and other threads, under the
        same policies and in the same pool. `options` as `holdfast.client.sql.database` takes them. Its
        connections are closed with the app's lifespan. Raises UsageError when the budget has no such
        dependency, its address is not to be had, or holdfast[sql] is not installed.
        """
        if sync:
            return self._dependencies.blocking_sql(name, **options)
        return self._dependencies.sql(name, **options)

    def redis(self, name: str, **options: Any) -> DependencyRedis:
        """Return the client of the Redis dependency `name`: a redis.asyncio.Redis, see docs/redis.md.

        `options` as `holdfast.client.redis.client` takes them. Closed, and raises, as `sql` does.
        """
        return self._dependencies.redis(name, **options)

    async def to_thread(self, func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `func` in a thread, see `holdfast.to_thread`."""
        from holdfast.loop.offload.threads import to_thread

        return await to_thread(func, *args, **kwargs)

    async def to_process(self, func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `func`, a function at the top of a module, in one of this worker's processes.

        Cancelled, or when its deadline passes, the process is killed. Raises WorkerDied when the process
        ended by itself, OffloadFull when as many calls wait as may, UsageError for what cannot be pickled.
        """
        return await self._front.here().beside.to_process(func, *args, **kwargs)

    def idempotent(self, store: Any = None, **options: Any) -> Idempotent:
        """Return a decorator for routes whose effect happens once for each Idempotency-Key.

        See docs/idempotency.md. `store`: a dependency of the budget, an AsyncEngine, an async_sessionmaker, a
        redis.asyncio client or a Store; None: as [idempotency] says. `options` as `Keyring.make` takes them:
        effect, tenant, required, retention, lease, body, headers, sessions, mode. What is not said is taken
        from [idempotency].
        Raises UsageError.
        """
        return self._features.keys.make(store, **options)

    def ratelimit(self, name: str, *, key: Callable[..., Any] | None = None, cost: Cost = 1.0) -> Any:
        """Return a dependency that charges a request to the rate limit `name`, see docs/rate-limits.md.

        `key` is itself a dependency, whose value (text, a number, a UUID) is who calls; None in its place is
        nobody, who is limited by address. Without it the budget says who calls. `cost`: how many calls a
        request counts as, or what says so of it. Raises UsageError when the budget has no such limit.
        """
        from holdfast.service.ratelimit import limiting

        section = self.budget.ratelimit.get(name)
        if section is None:
            known = ", ".join(self.budget.ratelimit) or "none"
            raise UsageError(f'the budget has no rate limit "{name}"; known: {known}', place="hold.ratelimit")
        if key is not None and section.key != "principal":
            message = f'ratelimit.{name} has key = "{section.key}": with key=... it is "principal"'
            raise UsageError(message, place=self._loaded.place(f"ratelimit.{name}.key"))
        return limiting(name, self._ratelimits, key=key, cost=cost)

    def upload(self, name: str, *, raw: bool = False, sink: Sink | None = None) -> Any:
        """Return the annotation of a parameter that is an upload, as in `files: hold.upload("avatar")`.

        The parameter is a `Received`, see docs/uploads.md. `raw`: the whole body is one file, else it is a
        multipart/form-data. `sink`: where files go, in place of the budget's directory. Raises UsageError.
        """
        return self._features.uploads.make(name, sink, raw=raw)

    def download(self, source: AsyncIterable[bytes] | Path | str, **options: Any) -> Response:
        """Return an answer that sends a file, or what `source` yields, as fast as it is read.

        `options` as FileDownload (filename, media_type, etag, headers) and StreamDownload (size in place of
        etag) take them, see docs/uploads.md. Whoever takes nothing for `connection.send_timeout` is left.
        """
        from holdfast.service.download import FileDownload, StreamDownload

        patience = self.budget.connection.send_timeout
        if isinstance(source, (str, Path)):
            return FileDownload(source, patience=patience, **options)
        return StreamDownload(source, patience=patience, **options)

    def cached(self, name: str, **options: Any) -> Caching:
        """Return a decorator that keeps a function's values in the cache `name`, see docs/cache.md.

        What the function is given is the key, and its return annotation the type of its values. `options`:
        `tags`, `ignore` (parameters that nothing depends on), `version`, `copies`, `warm`. Raises UsageError,
        when the budget has no such cache, or something in the signature can be no part of a key.
        """
        return self._features.caches.cached(name, **options)

    def cache(self, name: str, kind: Any = None) -> Cache[Any]:
        """Return the cache `name` for values of `kind`: get, set, delete, exists; see docs/cache.md.

        `kind` None: any JSON. Raises UsageError when the budget has no such cache, or values of `kind` cannot
        be kept as JSON.
        """
        return self._features.caches.cache(name, kind)

    def sessions(self, name: str, kind: Any = None, **options: Any) -> Sessions[Any]:
        """Return a dependency that gives a route its caller's session, see docs/cache.md.

        Sessions hold a `kind` (any JSON, where it is None), lie in the cache `name`, and last for its ttl.
        `options`: `secret` (the variable with the secrets, SESSION_SECRET), `cookie` (its name, "session"),
        `secure` (TLS only, True), `same_site` ("lax"). Raises UsageError when the budget has no such cache.
        """
        return self._features.sessions(name, kind, **options)

    def response(self, name: str) -> Callable[[F], F]:
        """Return a decorator for a route of whose responses [response.NAME] speaks, see docs/http-caching.md.

        The section may name its routes itself. Raises UsageError when the budget has no such section.
        """
        return self._features.responses.named(name)

    async def purge(self, *tags: str) -> None:
        """Take all responses that carry one of `tags` out of the caches, in every worker and at the CDN.

        Raises UsageError for what is no tag, and what a hook of `on_purge` raised.
        """
        await self._features.responses.purge(tags)

    def on_purge(self, hook: OnPurge) -> OnPurge:
        """Have `await hook(tags)` called for what is purged, to tell a CDN; also a decorator."""
        return self._features.responses.on_purge(hook)

    def fair(self, key: Callable[..., Any]) -> Any:
        """Return a dependency for routes: fairness between callers while the service is overloaded.

        `key` is itself a dependency, and returns who calls, after authentication: `dependencies=[hold.fair(
        principal)]`. A caller with more than his share of the places gets 429; whose level has no room, 503.
        """
        from holdfast.service.fairness import fair

        return fair(lambda: None if self._running is None else self._running.entrance, key)

    def on_drain(self, callback: Callback) -> Callback:
        """Have `callback()`, plain or async, called when streams are to end; also a decorator."""
        self._on_drain.append(callback)
        return callback

    def background(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` beside the requests; a drain waits for it before the app shuts down, then cancels it."""
        return self._front.here().drain.background(work)

    @property
    def in_flight(self) -> int:
        """Requests being served on this worker's loop now."""
        return self._running.in_flight if self._running is not None else 0

    async def stop(self) -> None:
        """Stop what runs and close the clients: for a service whose server has no lifespan."""
        await self._front.stop()

    @property
    def _running(self) -> Running | None:
        return self._front.running

    def _ratelimits(self) -> RateLimits:
        limits = self._front.here().ratelimits
        assert limits is not None  # noqa: S101 - the budget has a limit, or there were no dependency
        return limits

    def _wrap(self, stack: ASGIApp) -> ASGIApp:
        """Return the outermost ASGI app."""
        front = self._front.around(self._features.installed(stack))
        if self.budget.trace.sample is not None:
            from holdfast.loop.route import template
            from holdfast.telemetry.traces.server import ServerSpans, missing

            if missing(self._app):
                return ServerSpans(front, template)
        return front

    def _run(self, stack: ASGIApp) -> Running:
        """Start what runs on the running loop."""
        from holdfast.service.running import Running

        running = Running(
            self._app,
            stack,
            self._loaded,
            bus=process.bus(),
            slot=process.slot(),
            identity=self._identity,
            causes=self._causes,
            dependencies=self._dependencies,
            timing=self._timing,
            limit=self._limit,
            gate=self._gate,
            on_drain=self._on_drain,
        )
        self._features.begin(running)
        return running


def _find(budget: Path | str | None, environment: str | None) -> Loaded:
    """Load the budget; where there is none at all, an empty one, and a line in the log."""
    from holdfast.budget import Budget, Loaded, load
    from holdfast.budget.document import find

    path = Path(budget) if budget is not None else None
    if path is None and not os.environ.get("HOLDFAST_BUDGET") and find(Path.cwd()) is None:
        _log.warning("no holdfast.toml here or above: every policy observes and nothing is enforced")
        return Loaded(Budget())
    return load(path, environment=environment)
