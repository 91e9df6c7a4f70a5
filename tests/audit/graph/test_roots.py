"""Where a loop enters the program, beside its routes."""

from __future__ import annotations

import textwrap

import pytest

from tests.audit.project import whole

HEAD = """
import asyncio, time
from fastapi import FastAPI
app = FastAPI()
"""

ENTERED = {
    ("middleware", "Stamp.__call__"): """
        class Stamp:
            async def __call__(self, scope, receive, send): time.sleep(1)
    """,
    ("middleware", "Keys.authenticate"): """
        from starlette.authentication import AuthenticationBackend
        class Keys(AuthenticationBackend):
            async def authenticate(self, conn): time.sleep(1)
    """,
    ("route", "Orders.get"): """
        from starlette.endpoints import HTTPEndpoint
        class Orders(HTTPEndpoint):
            async def get(self, request): time.sleep(1)
    """,
    ("listener", "connected"): """
        import socketio
        server = socketio.AsyncServer()
        @server.on("connect")
        async def connected(sid): time.sleep(1)
    """,
    ("listener", "orders"): """
        import strawberry
        @strawberry.field
        def orders(): time.sleep(1)
    """,
    ("task", "Watch.turn"): """
        class Watch:
            async def turn(self):
                while True: await asyncio.sleep(1)
            async def start(self): self.task = asyncio.create_task(self.turn())
    """,
}


@pytest.mark.parametrize(("kind", "name"), ENTERED)
def test_entered(kind: str, name: str) -> None:
    project = whole(HEAD + textwrap.dedent(ENTERED[kind, name]))
    found = {(root.kind, project.program.qualified(root.function)) for root in project.roots}
    assert (kind, name) in found


@pytest.mark.parametrize(
    ("methods", "name"), [(", methods=['POST']", "POST /x"), ("", "GET /x"), (", methods=ALL", "/x")]
)
def test_a_route_that_is_added_has_its_verb(methods: str, name: str) -> None:
    project = whole(HEAD + f"async def x(): ...\napp.add_api_route('/x', x{methods})\n")
    assert [root.name for root in project.roots] == [name]


def test_requests_come_before_tasks_and_reads_before_writes() -> None:
    project = whole(
        HEAD
        + textwrap.dedent("""
            def shared(): time.sleep(1)
            async def turn():
                while True: shared()
            async def start(): return asyncio.create_task(turn())
            @app.post("/x")
            async def write(): shared()
            @app.get("/x")
            async def read(): shared()
        """)
    )
    shared = next(key for key, one in project.program.functions() if one.name == "shared")
    assert project.reach.entry(shared).name == "GET /x"
