"""The traffic of a budget, as it reaches a service."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import UsageError
from holdfast.gate.conduct.load import CONNECTIONS, plan_of, requests_of
from holdfast.gate.drive.records import Outcome, Records
from holdfast.gate.drive.session import run
from holdfast.gate.shape import Phase, schedule
from tests.gate.drive.servers import on_uvloop, serving
from tests.gate.verdict.made import budget, line_of

TRAFFIC = """request = [
  { send = "GET /me", headers = { Authorization = "Bearer {env:TOKEN}" }, expect = { status = 200 } },
]
[[traffic.scenario]]
steps = [
  { send = "POST /login", json = { who = "{users.csv:email}" }, take = { id = "$.id" } },
  { send = "GET /users/{id}", expect = { json = { "$.email" = "ann@x.org" } } },
]
"""
CHANGE = ('request = [{ send = "GET /" }, { send = "GET /slow", needs = ["p"] }]\n', TRAFFIC)


async def service(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
    lines = head.decode().lower().split("\r\n")
    method, path, _ = lines[0].split()
    status, body = 200, dict[str, Any]()
    if path == "/login":
        length = next(int(line.split()[1]) for line in lines if line.startswith("content-length"))
        body = {"id": json.loads(await reader.readexactly(length))["who"].partition("@")[0]}
    elif path.startswith("/users/"):
        body = {"email": f"{path.removeprefix('/users/')}@x.org"}
    elif "authorization: bearer t0k" not in lines:
        status = 401
    data = json.dumps(body)
    writer.write(f"HTTP/1.1 {status} {method}\r\ncontent-length: {len(data)}\r\n\r\n{data}".encode())


@pytest.mark.parametrize("token", ["t0k", "stale"])
def test_the_budgets_traffic_reaches_the_service(token: str, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("email\nann@x.org\nbob@x.org\n")
    loaded = budget(tmp_path, CHANGE)

    async def main() -> tuple[Records, list[str]]:
        async with serving(service) as server:
            requests = requests_of(loaded, 1, server.port, {"TOKEN": token})
            due = schedule([Phase("a", 300, 0.5)], requests, seed=1, new_connections=0.2)
            plan = plan_of(loaded, requests, due, server.port)
            assert plan.connections_max == CONNECTIONS
            assert plan.closes.any()
            return await run(plan), [payload.name for payload in requests.payloads]

    records, names = on_uvloop(main())
    outcomes: dict[str, set[tuple[int, int]]] = {}
    for which, status, outcome in zip(records.request, records.status, records.outcome, strict=True):
        outcomes.setdefault(names[which], set()).add((int(status), int(outcome)))
    assert outcomes == {
        "GET /me": {(200, 0)} if token == "t0k" else {(401, int(Outcome.WRONG_ANSWER))},
        "POST /login": {(200, 0)},
        "GET /users/{n}": {(200, 0), (200, int(Outcome.WRONG_ANSWER))},
    }


def test_a_variable_that_is_not_set_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("email\nann@x.org\n")
    loaded = budget(tmp_path, CHANGE)
    with pytest.raises(UsageError, match="the variable TOKEN is not set") as caught:
        requests_of(loaded, 1, 8000, {})
    assert caught.value.place == line_of(loaded, '  { send = "GET /me"')
