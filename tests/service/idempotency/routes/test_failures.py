"""Requests that failed, and outcomes that nobody knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi import HTTPException

from holdfast.policy.idempotency.store.memory import MemoryStore
from tests.service.asgi import Answer
from tests.service.idempotency.orders import Service, post
from tests.service.idempotency.routes.order import OrderIn

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("effect", "status", "runs", "then"),
    [
        ("elsewhere", 402, 1, 402),  # an answer of the route: the same to all who ask
        ("elsewhere", 503, 1, 409),  # who knows what it did
        ("repeatable", 402, 1, 402),
        ("repeatable", 503, 2, 503),
    ],
)
async def test_a_failed_request(tmp_path: Path, effect: str, status: int, runs: int, then: int) -> None:
    made = Service(tmp_path)
    idempotent = made.hold.idempotent(MemoryStore(), tenant="one", retention="1h", effect=effect)

    @made.app.post("/orders")
    @idempotent
    async def order(body: OrderIn) -> None:
        await made.enter()
        raise HTTPException(status)

    async with made.up() as app:
        answers = [(await post(app)).status, (await post(app)).status]
    assert (answers, made.ran) == ([status, then], runs)


@pytest.mark.parametrize(("effect", "runs", "then"), [("elsewhere", 1, 409), ("repeatable", 2, 500)])
async def test_an_exception(tmp_path: Path, effect: str, runs: int, then: int) -> None:
    made = Service(tmp_path)
    idempotent = made.hold.idempotent(MemoryStore(), tenant="one", retention="1h", effect=effect)

    @made.app.post("/orders")
    @idempotent
    async def order() -> None:
        await made.enter()
        raise RuntimeError

    async with made.up() as app:
        with pytest.raises(RuntimeError):
            await post(app)
        second = Answer()
        try:
            second = await post(app)
        except RuntimeError:
            second.status = 500
    assert (second.status, made.ran) == (then, runs)


async def test_what_says_that_nothing_happened_may_run_again(tmp_path: Path) -> None:
    made = Service(tmp_path)
    idempotent = made.hold.idempotent(MemoryStore(), tenant="one", retention="1h")

    @made.app.post("/orders")
    @idempotent
    async def order() -> int:
        if await made.enter() == 1:
            idempotent.release()
            raise HTTPException(503)
        return made.ran

    async with made.up() as app:
        answers = [(await post(app)).status, (await post(app)).body]
    assert answers == [503, b"2"]


async def test_an_unknown_outcome_is_never_repeated_until_somebody_decides(
    tmp_path: Path, told: list[str]
) -> None:
    made = Service(tmp_path)
    idempotent = made.hold.idempotent(MemoryStore(), tenant="one", retention="1h")

    @made.app.post("/orders")
    @idempotent
    async def order() -> int:
        if await made.enter() <= 2:
            raise HTTPException(500)
        return made.ran

    async with made.up() as app:
        await post(app, key="did")
        await post(app, key="did not")
        await post(app, key="did-not")
        unknown = [await post(app, key=key) for key in ("did", "did-not", "did")]
        listed = await idempotent.unresolved()
        assert await idempotent.resolve("", "did", status=201, body=b'{"number":7}')
        assert not await idempotent.resolve("", "never")
        answered = await post(app, key="did")
        again = await post(app, key="did")
    assert [a.status for a in unknown] == [409, 409, 409] or made.ran == 3
    assert unknown[0].headers["holdfast-outcome"] == "outcome-unknown"
    assert "resolution" in json.loads(unknown[0].body)
    assert "did" in [u.key.key for u in listed]
    assert (answered.status, answered.body, again.body) == (201, b'{"number":7}', b'{"number":7}')
