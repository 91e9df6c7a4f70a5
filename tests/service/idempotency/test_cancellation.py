"""Requests that are cancelled anywhere: no key stays stuck, nothing happens twice, nothing is left behind."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from holdfast.policy.deadline.wheel import current
from tests.policy.idempotency.stores import address
from tests.service.idempotency.orders import Service, post, store_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("effect", ["elsewhere", "repeatable"])
@pytest.mark.parametrize("backend", ["memory", "redis", "postgres"])
async def test_cancelled_anywhere(tmp_path: Path, request: Any, backend: str, effect: str) -> None:
    made, chance = Service(tmp_path), random.Random(11)
    store = store_of(backend, address(backend, request, tmp_path))
    if backend == "postgres":
        await store.create_tables()
    keys = made.hold.idempotent(store, tenant="one", retention="1h", lease="20s", effect=effect)
    effects: dict[str, int] = {}

    @made.app.post("/charges/{name}")
    @keys
    async def charge(name: str) -> str:
        await asyncio.sleep(0)
        effects[name] = effects.get(name, 0) + 1
        await asyncio.sleep(0.001)
        return name

    async with made.up() as app:
        for number in range(30):
            name = f"n{number}"
            task = asyncio.create_task(post(app, f"/charges/{name}", name))
            for _ in range(number):
                await asyncio.sleep(0)
            if chance.random() < 0.5:
                await asyncio.sleep(chance.random() * 0.004)
            task.cancel()
            await asyncio.wait([task])
            before = effects.get(name, 0)
            async with asyncio.timeout(10):  # less than the lease: what was cancelled is settled at once
                while (answer := await post(app, f"/charges/{name}", name)).status == 409:
                    if answer.headers["holdfast-outcome"] == "outcome-unknown":
                        break
                    await asyncio.sleep(0.002)
            if effect == "elsewhere":
                assert effects.get(name, 0) <= 1
                assert answer.status == 409 or effects[name] == 1
            else:
                assert answer.status == 200
                assert effects[name] <= before + 1
        guard = keys.running().guard
        assert guard is not None
        await guard.settled()
        waiting = current().waiting()
    assert waiting <= 1, "no heartbeat is left: only the door's own timers"
    engine = getattr(store, "engine", None)
    if engine is not None:
        assert engine.pool.checkedout() == 0
        await engine.dispose()
    elif backend == "redis":
        await store._client.aclose()


async def test_a_deadline_is_a_cancellation(tmp_path: Path) -> None:
    made = Service(tmp_path)
    keys = made.hold.idempotent(store_of("memory", ""), tenant="one", retention="1h")
    made.gate = asyncio.Event()

    @made.app.post("/charges")
    @keys
    async def charge() -> int:
        return await made.enter()

    async with made.up() as app:
        late = await post(app, "/charges", x_request_timeout="250ms")
        again = await post(app, "/charges")
    assert (late.status, again.status, again.headers["holdfast-outcome"]) == (504, 409, "outcome-unknown")
    assert made.ran == 1
