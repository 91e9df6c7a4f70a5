"""The field that carries the key: there, missing, malformed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.service.asgi import Answer
from tests.service.idempotency.routes.order import send, service

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("key", "status"),
    [
        (None, 400),
        ("", 400),
        ("two words", 400),
        ("a,b", 400),
        ("x" * 256, 400),
        ('"open', 400),
        ('""', 400),
        ("x" * 255, 201),
        ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', 201),
    ],
)
async def test_a_missing_or_malformed_key_is_400(tmp_path: Path, key: str | None, status: int) -> None:
    made, _ = service(tmp_path)
    async with made.up() as app:
        answer = await send(app, key)
    assert (answer.status, made.ran) == (status, int(status == 201))


async def test_two_keys_are_400_and_quotes_make_no_difference(tmp_path: Path) -> None:
    made, _ = service(tmp_path)
    async with made.up() as app:
        bare, quoted = await send(app, "abc"), await send(app, '"abc"')
        from tests.service import asgi

        scope = asgi.scope("/orders", method="POST", headers={"idempotency-key": "a"})
        scope["headers"].append((b"idempotency-key", b"b"))
        answer = Answer()
        await app(scope, asgi.one_message(b"{}"), asgi.keep(answer))
    assert (bare.status, quoted.headers["idempotency-replayed"], answer.status) == (201, "true", 400)


async def test_a_key_that_is_not_required_may_be_missing(tmp_path: Path) -> None:
    made, _ = service(tmp_path, required=False)
    async with made.up() as app:
        answers = [await send(app, None), await send(app, None), await send(app), await send(app)]
    assert [json.loads(a.body)["number"] for a in answers] == [1, 2, 3, 3]
