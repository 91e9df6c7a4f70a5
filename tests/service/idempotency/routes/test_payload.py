"""What makes two payloads the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi import Request

from holdfast.policy.idempotency.store.memory import MemoryStore
from tests.service.idempotency.orders import Service, post
from tests.service.idempotency.routes.order import send, service

pytestmark = pytest.mark.anyio


async def test_the_same_payload_in_other_words_is_the_same(tmp_path: Path) -> None:
    made, _ = service(tmp_path)
    async with made.up() as app:
        await post(app, body=b'{"item": 1, "note": "x"}', x_tenant="a")
        same = await post(app, body=b'{ "note":"x",\n"item":1}', x_tenant="a")
        other = await post(app, body=b'{"item": 1.0, "note": "x"}', x_tenant="a")
    assert (same.status, other.status, made.ran) == (201, 422, 1)


async def test_another_payload_is_422(tmp_path: Path, told: list[str]) -> None:
    made, _ = service(tmp_path)
    async with made.up() as app:
        await send(app)
        other = await send(app, item=2)
        elsewhere = await post(app, path="/orders?dry=1", x_tenant="a")
    assert (other.status, elsewhere.status, made.ran) == (422, 422, 1)
    assert other.headers["holdfast-outcome"] == "key-reused"
    assert json.loads(other.body)["type"] == "urn:holdfast:key-reused"
    assert told == ["first", "mismatch", "mismatch"]


async def test_a_body_that_the_route_reads_itself(tmp_path: Path) -> None:
    made = Service(tmp_path)
    idempotent = made.hold.idempotent(MemoryStore(), tenant="one", retention="1h", body="4KiB")

    @made.app.post("/orders")
    @idempotent
    async def order(request: Request) -> str:
        await made.enter()
        return (await request.body()).decode()

    async with made.up() as app:
        answers = [await post(app, body=b"one"), await post(app, body=b"one"), await post(app, body=b"two")]
        large = await post(app, key="large", body=b"x" * 5000)
    assert [a.status for a in (*answers, large)] == [200, 200, 422, 413]
    assert answers[1].body == b'"one"'
    assert made.ran == 1


async def test_a_large_body_that_was_read_is_compared_by_its_digest(tmp_path: Path) -> None:
    made = Service(tmp_path)
    idempotent = made.hold.idempotent(MemoryStore(), tenant="one", retention="1h", body="1KiB")

    @made.app.post("/orders")
    @idempotent
    async def order(body: dict[str, str]) -> int:
        return await made.enter()

    async with made.up() as app:
        one, two = (json.dumps({"a": letter * 5000}).encode() for letter in "xy")
        answers = [(await post(app, body=body)).status for body in (one, one, two)]
    assert (answers, made.ran) == ([200, 200, 422], 1)


async def test_chosen_headers_are_part_of_the_payload(tmp_path: Path) -> None:
    made, _ = service(tmp_path, headers=["X-Version"])
    async with made.up() as app:
        answers = [(await send(app, x_version=v)).status for v in ("1", "1", "2")]
    assert answers == [201, 201, 422]
