"""A held service that calls a dependency, in a process of its own: OpenTelemetry has one provider a process.

Started by the tests as `python -m tests.telemetry.traces.service BUDGET WHAT`; prints JSON.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from sqlalchemy import text

from holdfast import Holdfast
from holdfast.telemetry import process
from holdfast.telemetry.exposition.collector import OPENMETRICS, render
from tests.service.uvicorn_here import served

TRACE = "0af7651916cd43dd8448eb211c80319c"
OTHER = "1af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


class Payments:
    """The dependency: fails the first call, and keeps the headers of all."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []
        self.app = FastAPI(telemetry={"tracing": False})

        @self.app.get("/charges")
        async def charges() -> str:
            return "ok"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.headers.append({k.decode(): v.decode() for k, v in scope["headers"]})
            if len(self.headers) == 1:
                await send(
                    {"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]}
                )
                await send({"type": "http.response.body", "body": b""})
                return
        await self.app(scope, receive, send)


async def requests(budget: Path) -> dict[str, Any]:
    """Serve some requests."""
    payments = Payments()
    lines: list[dict[str, Any]] = []
    app = FastAPI()

    @app.get("/orders/{order}")
    async def order(order: int) -> str:
        logging.getLogger("shop").warning("order %d", order)
        await payments_client.get("/charges", params={"token": "hunter2"})
        await cache.get("hunter2")
        async with db.begin() as session:
            await session.execute(text("SELECT 'hunter2'"))
        return "ok"

    @app.get("/receipts/{order}")
    def receipt(order: int) -> str:
        return payments_thread.get("/charges").text

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("password=hunter2")

    async with served(payments) as port:
        os.environ["PAYMENTS_URL"] = f"http://ada:hunter2@127.0.0.1:{port}"
        hold = Holdfast(app, budget=budget)
        payments_client, payments_thread = hold.http("payments"), hold.http("payments", sync=True)
        cache, db = hold.redis("cache"), hold.sql("db")
        async with served(app) as here, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{here}") as client:
            await client.get("/orders/7?token=hunter2", headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
            await client.get("/receipts/7", headers={"traceparent": f"00-{OTHER}-{SPAN}-01"})
            await client.get("/broken")
            await client.get("/livez")
    metrics = render(process.board(), media=OPENMETRICS).decode()
    return {"sent": payments.headers, "lines": lines, "metrics": metrics}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(requests(Path(sys.argv[1])))))
