"""A route whose responses are kept, an origin that answers from a script, and a clock that is moved."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response

from holdfast import Holdfast
from holdfast.events import CacheUsed
from holdfast.service.response.route import Answered
from holdfast.service.response.shelf import Shelf
from holdfast.telemetry import process
from tests.service.asgi import lifespan, one_message, scope

BUDGET = """
[service]
name = "shop"

[admission]
limit = 1000

[cache.pages]
ttl = "100000h"
stale = "1h"
bytes = "1MiB"

[response.page]
routes = ["GET /{path:path}"]
cache = "pages"
etag = "off"
"""
"""No time of its own: what is said of a response is what the route says."""

Fields = Sequence[tuple[str, str]]


def date(seconds: float = 0.0) -> str:
    """Return a moment so many seconds from now."""
    return formatdate(time.time() + seconds, usegmt=True)


@dataclass
class Answer:
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    parts: int = 0
    complete: bool = False

    def get(self, name: str) -> str | None:
        found = [value for field_name, value in self.headers if field_name == name]
        return ", ".join(found) if found else None


async def ask(
    app: Any,
    path: str = "/page",
    fields: Fields = (),
    *,
    method: str = "GET",
    query: str = "",
    receive: Any = None,
) -> Answer:
    """Send one request; fields may come more than once."""
    answer = Answer()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            assert not answer.status, "two answers to one request"
            answer.status = message["status"]
            answer.headers = [(name.decode(), value.decode("latin-1")) for name, value in message["headers"]]
        else:
            answer.body += message.get("body", b"")
            answer.parts += 1
            answer.complete = not message.get("more_body", False)

    asked = scope(path, method=method)
    named = [("host", "shop.test"), *fields]
    asked["headers"] = [(name.lower().encode(), value.encode("latin-1")) for name, value in named]
    asked["query_string"] = query.encode()
    await app(asked, receive or one_message(b""), send)
    return answer


@dataclass
class Said:
    """What the origin answers: each header as it is, and a body of its own unless one is given."""

    headers: Fields = ()
    status: int = 200
    body: bytes | None = None
    error: Exception | None = None


class Origin:
    """Answers in the order of its script, then with the last again. `asked`: the headers of each request."""

    def __init__(self, *script: Said) -> None:
        self.script = list(script) or [Said()]
        self.asked: list[dict[str, str]] = []

    async def __call__(self, request: Request) -> Response:
        said = self.script[min(len(self.asked), len(self.script) - 1)]
        self.asked.append(dict(request.headers))
        if said.error is not None:
            raise said.error
        body = f"answer {len(self.asked)}".encode() if said.body is None else said.body
        response = Response(b"" if said.status in (204, 304) else body, status_code=said.status)
        for name, value in said.headers:
            response.raw_headers.append((name.lower().encode(), value.encode("latin-1")))
        return response


class Rig:
    """`moved`: seconds by which the cache's clock is ahead."""

    def __init__(self, folder: Path, budget: str, routes: Callable[[FastAPI, Holdfast], None]) -> None:
        (folder / "holdfast.toml").write_text(budget, encoding="utf-8")
        self.app = FastAPI()
        self.hold = Holdfast(self.app, budget=folder / "holdfast.toml")
        routes(self.app, self.hold)
        self.moved = 0.0
        self.told: list[str] = []

    async def ask(self, path: str = "/page", fields: Fields = (), **more: Any) -> Answer:
        return await ask(self.app, path, fields, **more)

    def outcomes(self) -> list[str]:
        """Return what became of lookups since the last time."""
        for shelf in self.shelves():
            guard = shelf.here()
            assert guard is not None
            guard.tally.flush()
        told, self.told = self.told, []
        return told

    def shelves(self) -> list[Shelf]:
        handles = [getattr(route, "handle", None) for route in self.app.router.routes]
        found = [h for h in handles if isinstance(h, Answered)]
        return [one._shelf for h in found for one in h._by_path.values() if one._shelf is not None]


@asynccontextmanager
async def running(
    folder: Path, routes: Callable[[FastAPI, Holdfast], None], budget: str = BUDGET
) -> AsyncIterator[Rig]:
    """Run an app with `routes`."""
    rig = Rig(folder, budget, routes)

    def heard(event: CacheUsed) -> None:
        rig.told.extend([event.outcome] * event.count)

    process.bus().subscribe(CacheUsed, heard)
    try:
        async with lifespan(rig.app):
            for shelf in rig.shelves():
                shelf.wall = lambda: time.time() + rig.moved
            yield rig
    finally:
        process.bus().unsubscribe(CacheUsed, heard)


def page(origin: Origin, *methods: str) -> Callable[[FastAPI, Holdfast], None]:
    """Return the routes of an app that answers everything from `origin`."""

    def routes(app: FastAPI, hold: Holdfast) -> None:
        app.get("/{path:path}")(origin.__call__)
        for method in methods:
            app.api_route("/{path:path}", methods=[method])(origin.__call__)

    return routes


def fields(said: Mapping[str, str] | str) -> Fields:
    """Return the fields of a message; a text alone is its Cache-Control."""
    return [("Cache-Control", said)] if isinstance(said, str) else list(said.items())
