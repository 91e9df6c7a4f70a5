"""Where routes with keys may be, and when the app may start."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI

from holdfast.errors import UsageError
from tests.service.idempotency.orders import post
from tests.service.idempotency.routes.order import send, service

pytestmark = pytest.mark.anyio


async def test_a_route_that_comes_too_late_fails_loudly(tmp_path: Path) -> None:
    made, idempotent = service(tmp_path)
    async with made.up() as app:
        await send(app)

        @made.app.post("/late")
        @idempotent
        async def late() -> None:
            await made.enter()

        with pytest.raises(UsageError, match="after the app had started"):
            await post(app, path="/late", x_tenant="a")
    assert made.ran == 1


async def test_routers_and_mounts(tmp_path: Path) -> None:
    made, idempotent = service(tmp_path)
    router, sub = APIRouter(prefix="/v1"), FastAPI()

    @router.post("/things/{thing}")
    @sub.post("/things/{thing}")
    @idempotent
    async def thing(thing: str) -> int:
        return await made.enter()

    made.app.include_router(router)
    made.app.include_router(router, prefix="/again")
    made.app.mount("/sub", sub)
    async with made.up() as app:
        paths = ("/v1/things/1", "/again/v1/things/1", "/sub/things/1")
        for path in paths:
            one, two = [await post(app, path=path, key=path, x_tenant="a") for _ in range(2)]
            assert (one.status, one.body) == (two.status, two.body) == (200, one.body)
        other = await post(app, path="/v1/things/2", key="/v1/things/1", x_tenant="a")
    assert (made.ran, other.status) == (3, 422)


async def test_other_routes_are_untouched(tmp_path: Path) -> None:
    made, _ = service(tmp_path)

    @made.app.post("/plain")
    async def plain() -> int:
        return await made.enter()

    async with made.up() as app:
        answers = [(await post(app, path="/plain")).body for _ in range(2)]
    (route,) = [r for r in made.app.routes if getattr(r, "path", "") == "/plain"]
    assert answers == [b"1", b"2"]
    assert "handle" not in route.__dict__


async def test_the_app_starts_again(tmp_path: Path) -> None:
    made, _ = service(tmp_path)
    for _ in range(2):
        async with made.up() as app:
            await send(app)
    assert made.ran == 1


async def test_a_server_without_lifespan(tmp_path: Path) -> None:
    made, _ = service(tmp_path)
    assert [(await send(made.app)).status for _ in range(2)] == [201, 201]
    await made.hold.stop()
    assert made.ran == 1
