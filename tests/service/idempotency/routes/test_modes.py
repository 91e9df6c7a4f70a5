"""Observing, off, and what nobody has decided."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdfast.policy.idempotency.store.memory import MemoryStore
from holdfast.policy.observed import PolicyObserved
from holdfast.telemetry import process
from tests.service.idempotency.orders import Service, post
from tests.service.idempotency.routes.order import send, service

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("missing", ["retention", "tenant"])
async def test_what_nobody_decided_observes(tmp_path: Path, missing: str) -> None:
    options = {"retention": "1h", "tenant": "one"}
    del options[missing]
    made = Service(tmp_path)
    idempotent = made.hold.idempotent(MemoryStore(), **options)

    @made.app.post("/orders")
    @idempotent
    async def order() -> int:
        return await made.enter()

    seen: list[PolicyObserved] = []
    process.bus().subscribe(PolicyObserved, seen.append)
    async with made.up() as app:
        answers = [(await post(app, key=key)).body for key in ("k", "k", None)]
    assert answers == [b"1", b"2", b"3"]
    assert [(e.policy, e.subject, e.would) for e in seen] == [("idempotency", "POST /orders", "refuse")]


async def test_observing_says_what_it_would_have_done(tmp_path: Path) -> None:
    made, _ = service(tmp_path, mode="observe")
    seen: list[PolicyObserved] = []
    process.bus().subscribe(PolicyObserved, seen.append)
    async with made.up() as app:
        answers = [await send(app), await send(app), await send(app, item=2)]
    assert [json.loads(a.body)["number"] for a in answers] == [1, 2, 3]
    assert [e.would for e in seen] == ["replay", "refuse"]


async def test_off_is_off(tmp_path: Path, told: list[str]) -> None:
    made, _ = service(tmp_path, mode="off")
    async with made.up() as app:
        answers = [await send(app), await send(app), await send(app, "not a key")]
    assert [json.loads(a.body)["number"] for a in answers] == [1, 2, 3]
    assert told == []
