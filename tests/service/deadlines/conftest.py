"""A budget with deadlines, and an app by itself or behind a middleware."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import Response

BUDGET = """
[service]
name = "test"
workers = 1
[admission]
limit = {limit}
queue = 0
wait = "0s"
[deadline]
default = "{default}"
cap = "4s"
route."GET /report/{{name}}" = "20s"
route."GET /quick" = "500ms"
[offload]
threads = {threads}
processes = 1
"""


@pytest.fixture
def budget(tmp_path: Path) -> Any:
    def write(limit: int = 8, default: str = "2s", threads: int = 4) -> Path:
        path = tmp_path / "holdfast.toml"
        path.write_text(BUDGET.format(limit=limit, default=default, threads=threads))
        return path

    return write


class Through(BaseHTTPMiddleware):
    """Runs the app in a task of its own, as every such middleware does."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


@pytest.fixture(params=["plain", "BaseHTTPMiddleware"])
def app(request: pytest.FixtureRequest) -> FastAPI:
    app = FastAPI()
    if request.param != "plain":
        app.add_middleware(Through)
    return app
