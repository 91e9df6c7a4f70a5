"""The second request with a key: the first one's answer, or why not."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from fastapi import Depends, HTTPException, Request

from holdfast.errors import UsageError
from holdfast.policy.idempotency.store.memory import MemoryStore
from tests.service.idempotency.orders import Service, post
from tests.service.idempotency.routes.order import OrderIn, send, service

pytestmark = pytest.mark.anyio


async def test_the_second_request_gets_the_first_one_s_answer(tmp_path: Path, told: list[str]) -> None:
    made, _ = service(tmp_path)
    async with made.up() as app:
        first, second = await send(app), await send(app)
    assert (first.status, second.status) == (201, 201)
    assert first.body == second.body == b'{"number":1,"item":1}'
    assert made.ran == 1
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["x-mine"] == "kept"
    assert second.headers["content-type"] == "application/json"
    assert second.headers["content-length"] == str(len(second.body))
    assert "set-cookie" in first.headers
    assert "set-cookie" not in second.headers
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert told == ["first", "replayed"]


async def test_a_key_in_flight_is_409_with_retry_after(tmp_path: Path, told: list[str]) -> None:
    made, _ = service(tmp_path)
    made.gate = asyncio.Event()
    async with made.up() as app:
        first = asyncio.create_task(send(app))
        await made.inside.wait()
        second = await send(app)
        mismatch = await send(app, item=2)
        made.gate.set()
        third = await first
        fourth = await send(app)
    assert (second.status, mismatch.status, third.status, fourth.status) == (409, 422, 201, 201)
    assert int(second.headers["retry-after"]) >= 1
    assert second.headers["content-type"] == "application/problem+json"
    assert json.loads(second.body)["request_id"] == second.headers["x-request-id"]
    assert (made.ran, told) == (1, ["first", "conflict", "mismatch", "replayed"])


async def test_one_tenant_s_key_never_meets_another_s(tmp_path: Path) -> None:
    made, _ = service(tmp_path)
    async with made.up() as app:
        mine, theirs, again = await send(app), await send(app, tenant="b"), await send(app)
        with pytest.raises(UsageError, match="a tenant that is not known"):  # it would be everybody's key
            await send(app, tenant="")
    assert [json.loads(a.body)["number"] for a in (mine, theirs, again)] == [1, 2, 1]


async def test_who_may_not_call_reads_nothing_and_uses_up_nothing(tmp_path: Path) -> None:
    made = Service(tmp_path)
    idempotent = made.hold.idempotent(MemoryStore(), tenant="state user", retention="1h")

    def user(request: Request) -> str:
        name = request.headers.get("authorization", "")
        if not name:
            raise HTTPException(401)
        request.state.user = name
        return name

    @made.app.post("/orders", status_code=201)
    @idempotent
    async def order(body: OrderIn, name: str = Depends(user)) -> str:
        await made.enter()
        return name

    async with made.up() as app:
        invalid = await post(app, body=b'{"item": "x"}', authorization="ann")
        ann = await post(app, authorization="ann")
        thief = await post(app)
        bob = await post(app, authorization="bob")
    assert [a.status for a in (invalid, ann, thief, bob)] == [422, 201, 401, 201]
    assert invalid.headers["content-type"] == "application/json", "the route's own validation"
    assert (ann.body, bob.body) == (b'"ann"', b'"bob"')


async def test_a_plain_function_keeps_its_thread(tmp_path: Path) -> None:
    made = Service(tmp_path)
    idempotent = made.hold.idempotent(MemoryStore(), tenant="one", retention="1h")
    threads = []

    @made.app.post("/orders")
    @idempotent
    def order() -> int:
        import threading

        threads.append(threading.current_thread() is threading.main_thread())
        return len(threads)

    async with made.up() as app:
        answers = [(await post(app)).body, (await post(app)).body]
    assert (answers, threads) == ([b"1", b"1"], [False])


async def test_a_large_answer_is_sent_once_and_then_named(tmp_path: Path) -> None:
    made = Service(tmp_path)
    idempotent = made.hold.idempotent(MemoryStore(), tenant="one", retention="1h", body="1KiB")

    @made.app.post("/orders")
    @idempotent
    async def order() -> str:
        await made.enter()
        return "x" * 2000

    async with made.up() as app:
        first, second = await post(app), await post(app)
    assert (len(first.body), second.status, made.ran) == (2002, 409, 1)
    assert second.headers["holdfast-outcome"] == "answer-not-kept"
    assert json.loads(second.body)["answered"] == 200
