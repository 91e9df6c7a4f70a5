"""Routes as FastAPI and Starlette, as installed, leave them on the stack."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Request, Response, WebSocket
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from holdfast.loop.route import request_of, template

found: list[str] = []


def look() -> None:
    frames: list[FrameType] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    found.append(request_of(frames)[1])


async def item(item_id: int) -> dict[str, int]:
    look()
    return {}


async def plain(request: Request) -> Response:
    look()
    return Response()


def included() -> FastAPI:
    inner = APIRouter(prefix="/inner")
    inner.add_api_route("/items/{item_id}", item)
    outer = APIRouter(prefix="/outer/{tenant}")
    outer.include_router(inner)
    app = FastAPI()
    app.add_api_route("/items/{item_id}", item)
    app.include_router(outer)
    app.include_router(inner, prefix="/again")
    return app


def mounted() -> FastAPI:
    below = FastAPI()
    router = APIRouter(prefix="/r")
    router.add_api_route("/items/{item_id}", item)
    below.include_router(router)
    below.add_api_route("/items/{item_id}", item)
    app = FastAPI()
    app.mount("/tenants/{tenant}", below)
    app.mount("/deep", Starlette(routes=[Mount("/er", routes=[Route("/{x}", plain)])]))
    return app


def mounted_in_a_router() -> FastAPI:
    below = FastAPI()
    below.add_api_route("/items/{item_id}", item)
    router = APIRouter()
    router.mount("/sub", below)
    router.add_route("/plain/{x}", plain)
    app = FastAPI()
    app.include_router(router, prefix="/api")
    return app


@pytest.mark.parametrize(
    ("make", "path", "route"),
    [
        (included, "/items/3", "GET /items/{item_id}"),
        (included, "/outer/t1/inner/items/3", "GET /outer/{tenant}/inner/items/{item_id}"),
        (included, "/again/inner/items/3", "GET /again/inner/items/{item_id}"),
        (mounted, "/tenants/t1/items/3", "GET /tenants/{tenant}/items/{item_id}"),
        (mounted, "/tenants/t1/r/items/3", "GET /tenants/{tenant}/r/items/{item_id}"),
        (mounted, "/deep/er/3", "GET /deep/er/{x}"),
        (mounted_in_a_router, "/api/sub/items/3", "GET /api/sub/items/{item_id}"),
        (mounted_in_a_router, "/api/plain/3", "GET /api/plain/{x}"),
    ],
)
def test_the_template_is_whole(make: Callable[[], FastAPI], path: str, route: str) -> None:
    found.clear()
    assert TestClient(make()).get(path).status_code == 200
    assert found == [route]


def test_a_websocket_has_its_route() -> None:
    app = FastAPI()
    router = APIRouter(prefix="/ws")

    @router.websocket("/{room}")
    async def chat(socket: WebSocket, room: str) -> None:
        await socket.accept()
        look()
        await socket.close()

    app.include_router(router)
    found.clear()
    with TestClient(app).websocket_connect("/ws/a"):
        pass
    assert found == ["WEBSOCKET /ws/{room}"]


def test_a_dependency_and_a_background_task_belong_to_the_request() -> None:
    app = FastAPI()

    async def user() -> None:
        look()

    async def mail() -> None:
        look()

    @app.post("/orders", dependencies=[Depends(user)])
    async def order(tasks: BackgroundTasks) -> dict[str, str]:
        tasks.add_task(mail)
        return {}

    found.clear()
    TestClient(app).post("/orders")
    assert found == ["POST /orders", "POST /orders"]


def test_a_middleware_that_runs_a_task_of_its_own_hides_nothing() -> None:
    app = included()

    async def dispatch(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=dispatch)
    found.clear()
    TestClient(app).get("/items/3")
    assert found == ["GET /items/{item_id}"]


def test_before_routing_there_is_a_request_and_no_route() -> None:
    app = included()

    class Early:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                look()
            await self.app(scope, receive, send)

    app.add_middleware(Early)
    found.clear()
    TestClient(app).get("/items/3")
    assert found == ["", "GET /items/{item_id}"]


def test_no_request_no_route() -> None:
    scope = "not a scope"
    assert scope
    assert request_of([sys._getframe()]) == (None, "")
    assert request_of([]) == (None, "")


def test_the_entry_of_a_task_is_asked_last() -> None:
    class Cycle:
        def __init__(self, scope: dict[str, Any]) -> None:
            self.scope = scope

        def run_asgi(self) -> FrameType:
            return sys._getframe()

    route = Route("/x/{y}", plain)
    scope = {"type": "http", "method": "PUT", "path": "/x/1", "route": route}
    entry = Cycle(scope).run_asgi()
    assert request_of([], entry) == (scope, "PUT /x/{y}")


def test_an_endpoint_without_a_route_is_named() -> None:
    assert template({"type": "http", "path": "/", "endpoint": plain}) == "plain"
    assert template({"type": "http", "path": "/"}) == ""
