from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Match

from holdfast.service.gatekeeper.routes import RouteTable, registered


def endpoint() -> None:
    pass


@pytest.fixture
def app() -> FastAPI:
    app, router = FastAPI(openapi_url=None), APIRouter(prefix="/v1")
    app.get("/orders/export")(endpoint)
    app.get("/orders/{id}")(endpoint)
    app.post("/orders/{id}")(endpoint)
    app.get("/orders/late")(endpoint)
    router.get("/files/{path:path}")(endpoint)
    router.get("/items/{item}")(endpoint)
    app.include_router(router)
    return app


def find(table: RouteTable[str], path: str, method: str = "GET", root: str = "") -> str | None:
    return table.find({"method": method, "path": path, "root_path": root})


def test_a_route_is_found_by_its_template_whatever_its_parameters_are_called(app: FastAPI) -> None:
    named = {"GET /orders/{order_id}": "order", "GET /v1/files/{x:path}": "file", "GET /v1/items/{item}": "i"}
    table = RouteTable(named, registered(app))
    assert find(table, "/orders/7") == "order"
    assert find(table, "/orders/7", "POST") is None
    assert find(table, "/orders/7/lines") is None
    assert find(table, "/v1/files/a/b") == "file"
    assert find(table, "/v1/items/3") == "i"
    assert find(table, "/nowhere") is None
    assert table.unknown == []
    untyped = RouteTable({"GET /v1/files/{path}": "file"}, registered(app))
    assert find(untyped, "/v1/files/a/b") == "file"
    assert untyped.unknown == []


def test_where_two_routes_match_the_app_s_order_holds(app: FastAPI) -> None:
    table = RouteTable({"GET /orders/{id}": "order"}, registered(app))
    assert find(table, "/orders/export") is None, "a route of its own, registered first"
    assert find(table, "/orders/late") == "order", "registered later: it is never reached"


def test_a_mounted_app_s_route_is_found_and_told_of(app: FastAPI) -> None:
    table = RouteTable({"GET /admin/users/{id}": "admin", "GET /reprot": "typo"}, registered(app))
    assert find(table, "/admin/users/1") == "admin"
    assert table.unknown == ["GET /admin/users/{id}", "GET /reprot"]


def test_the_root_path_is_not_part_of_it(app: FastAPI) -> None:
    table = RouteTable({"GET /orders/{id}": "order"}, registered(app))
    assert find(table, "/api/orders/7", root="/api") == "order"
    assert find(table, "/orders/7", root="/api") == "order"
    assert find(table, "/apiorders/7", root="/api") is None


SEGMENTS = st.sampled_from(["a", "b", "{x}", "{y:path}"])
PATHS = st.lists(SEGMENTS, min_size=1, max_size=3, unique=True).map(lambda parts: "/" + "/".join(parts))


@given(
    paths=st.lists(PATHS, min_size=1, max_size=6, unique_by=lambda path: path.replace("y", "x")),
    choose=st.data(),
)
def test_it_finds_what_starlette_would_route_to(paths: list[str], choose: Any) -> None:
    app = FastAPI(openapi_url=None)
    makes: list[Callable[[], None]] = [lambda: None for _ in paths]
    for path, make in zip(paths, makes, strict=True):
        app.add_api_route(path, make, name=path)
    chosen = choose.draw(st.sets(st.sampled_from(paths)))
    table = RouteTable({f"GET {path}": path for path in chosen}, registered(app))
    asked = choose.draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=4))
    scope = {"type": "http", "method": "GET", "path": "/" + "/".join(asked), "root_path": ""}
    taken = next((r for r in app.routes if r.matches(dict(scope))[0] is Match.FULL), None)
    expected = getattr(taken, "path", None)
    assert table.find(scope) == (expected if expected in chosen else None)
