"""A held app that reads bodies, and clients who send as the test says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

from holdfast import Holdfast
from holdfast.service.gatekeeper.bodies import Bodies
from tests.service.asgi import Answer, call, keep, scope

SOON = 0.05


@dataclass
class Upload:
    """One request, and its client, who sends what and when the test says."""

    answer: Answer = field(default_factory=Answer)
    inbox: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    asked: int = 0
    task: asyncio.Task[None] = field(init=False)

    async def receive(self) -> dict[str, Any]:
        self.asked += 1
        message = await self.inbox.get()
        if message["type"] == "http.disconnect":
            self.inbox.put_nowait(message)
        return message

    def send(self, body: bytes, *, more: bool = True) -> None:
        self.inbox.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def leave(self) -> None:
        self.inbox.put_nowait({"type": "http.disconnect"})


class Around(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


class Held:
    """A held app; `seen` is what it has read, part by part."""

    def __init__(self, budget: Any, *, limit: int = 4, behind: bool = False, **options: Any) -> None:
        self.app = FastAPI()
        self.seen: list[bytes] = []

        @self.app.get("/")
        async def root() -> None: ...

        @self.app.post("/read")
        async def read(request: Request) -> int:
            size = 0
            async for part in request.stream():
                self.seen.append(part)
                size += len(part)
            return size

        @self.app.post("/ignore")
        async def ignore() -> None: ...

        if behind:
            self.app.add_middleware(Around)
        self.hold = Holdfast(self.app, budget=budget(limit=limit), **options)

    def post(self, *sent: bytes, path: str = "/read", **headers: str) -> Upload:
        """Begin to send `sent` and more; without a length the body is chunked."""
        upload = Upload()
        for body in sent:
            upload.send(body)
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        if "content-length" not in said:
            said["transfer-encoding"] = "chunked"
        asked = scope(path, method="POST", headers=said)
        upload.task = asyncio.ensure_future(self.app(asked, upload.receive, keep(upload.answer)))  # type: ignore[arg-type]
        return upload

    async def get(self) -> int:
        return (await call(self.app, "/")).status


def empty(made: list[Bodies]) -> bool:
    (one,) = made
    return (one.outside, one.held, one.standing, len(one._line)) == (0, 0, 0, 0)
