from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from starlette.types import Scope

from holdfast import Holdfast
from holdfast.service.surface import show_docs
from tests.service.asgi import call

pytestmark = pytest.mark.anyio

DOCS = ("/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect")


def documented() -> FastAPI:
    app, inner = FastAPI(), FastAPI()
    router = APIRouter()

    @router.get("/items")
    async def items() -> list[str]:
        return []

    app.include_router(router)
    app.mount("/inner", inner)
    return app


def nobody(scope: Scope) -> bool:
    return False


async def statuses(app: FastAPI, *prefixes: str) -> set[int]:
    return {(await call(app, prefix + path)).status for prefix in prefixes for path in DOCS}


async def test_off_takes_the_documentation_away_and_nothing_else() -> None:
    app = documented()
    assert await statuses(app, "", "/inner") == {200}
    show_docs(app, "off", nobody)
    assert await statuses(app, "", "/inner") == {404}
    assert (await call(app, "/items")).status == 200


async def test_on_leaves_it() -> None:
    app = documented()
    show_docs(app, "on", nobody)
    assert await statuses(app, "", "/inner") == {200}


async def test_callers_see_it_and_others_find_nothing() -> None:
    app, trusted = documented(), True
    show_docs(app, "callers", lambda scope: trusted)
    assert await statuses(app, "", "/inner") == {200}
    trusted = False
    assert await statuses(app, "", "/inner") == {404}
    absent, hidden = await call(app, "/nowhere"), await call(app, "/docs")
    assert (absent.status, absent.body, absent.headers) == (hidden.status, hidden.body, hidden.headers)


@pytest.mark.parametrize(("network", "status"), [("127.0.0.0/8", 200), ("10.0.0.0/8", 404)])
async def test_the_budget_says_whom(tmp_path: Path, network: str, status: int) -> None:
    budget = tmp_path / "holdfast.toml"
    budget.write_text(f'[surface]\ndocs = "callers"\n[trust]\ncallers = ["{network}"]\n')
    app = documented()
    hold = Holdfast(app, budget=budget)
    assert await statuses(app, "", "/inner") == {status}
    await hold.stop()


async def test_routes_of_the_apps_own_stay() -> None:
    app = FastAPI(docs_url=None)

    @app.get("/docs")
    async def docs() -> str:
        return "a page about documents"

    show_docs(app, "off", nobody)
    assert (await call(app, "/docs")).status == 200
    assert (await call(app, "/redoc")).status == 404
