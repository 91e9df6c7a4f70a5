"""Keys in the budget, on the board and in the metrics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdfast.budget import load
from holdfast.errors import BudgetError
from holdfast.policy.idempotency.store.memory import MemoryStore
from holdfast.telemetry.exposition import render_process
from tests.service.idempotency.orders import Service, post

pytestmark = pytest.mark.anyio


async def test_what_became_of_requests_is_a_metric(tmp_path: Path) -> None:
    made = Service(tmp_path)
    keys = made.hold.idempotent(MemoryStore(), tenant="one", retention="1h")

    @made.app.post("/metered/{item}")
    @keys
    async def metered(item: int) -> int:
        return await made.enter()

    async with made.up() as app:
        for path, key in [
            ("/metered/1", "a"),
            ("/metered/1", "a"),
            ("/metered/2", "a"),
            ("/metered/1", None),
        ]:
            await post(app, path, key)
        text = render_process().decode()
    for outcome in ("first", "replayed", "mismatch", "invalid"):
        assert f'holdfast_idempotency_total{{outcome="{outcome}",route="POST /metered/{{item}}"}} 1.0' in text


async def test_a_store_that_does_not_answer_has_its_dependencys_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CACHE_URL", "redis://127.0.0.1:1/0")
    made = Service(tmp_path, '[dependency.cache]\nkind = "redis"\nurl_env = "CACHE_URL"')
    keys = made.hold.idempotent("cache", tenant="one", retention="1h")

    @made.app.post("/charges")
    @keys
    async def charge() -> int:
        return await made.enter()

    async with made.up() as app:
        refused = await post(app, "/charges")
    assert (refused.status, json.loads(refused.body)["dependency"]) == (503, "cache")
    assert "cache does not answer" in caplog.text


@pytest.mark.parametrize(
    ("kind", "address", "told"),
    [
        ("redis", "http://secret@here", "expected redis://, rediss:// or unix://"),
        ("postgres", "secret", "expected the address of a database: postgresql://HOST/NAME"),
        ("postgres", "nosuchbase://secret@here/a", "expected the address of a database"),
        ("postgres", "postgresql+nosuchdriver://secret@here/a", "expected the address of a database"),
        ("postgres", "postgresql+pg8000://secret@here/a", "its driver is not installed: pg8000"),
    ],
)
async def test_an_address_that_is_none_names_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, address: str, told: str
) -> None:
    monkeypatch.setenv("KEYS_URL", address)
    made = Service(tmp_path, f'[dependency.keys]\nkind = "{kind}"\nurl_env = "KEYS_URL"')
    keys = made.hold.idempotent("keys", tenant="one", retention="1h")

    @made.app.post("/charges")
    @keys
    async def charge() -> int:
        return await made.enter()

    message = await made.boot()
    assert f"KEYS_URL: {told}" in message
    assert "secret" not in message


def written(folder: Path, section: str) -> Path:
    path = folder / "holdfast.toml"
    path.write_text(f'[dependency.db]\nkind = "sqlite"\n[idempotency]\n{section}\n')
    return path


@pytest.mark.parametrize(
    ("section", "match"),
    [
        ('store = "nowhere"', r'holdfast.toml:4: .*no dependency is named "nowhere"'),
        ('routes = ["POST /a"]', r"holdfast.toml:4: .*no store"),
        ('store = "db"\nroutes = ["orders"]', r"holdfast.toml:5: .*method and a path"),
        ('store = "db"\ntenant = "cookie"', r"holdfast.toml:5: .*state NAME"),
        ('store = "db"\nretention = "5s"', r"holdfast.toml:5: .*below lease"),
        ('store = "db"\neffect = "maybe"', r"holdfast.toml:5"),
        ('store = "db"\nretenton = "1h"', r"holdfast.toml:5"),
    ],
)
def test_mistakes_in_the_budget_have_their_place(tmp_path: Path, section: str, match: str) -> None:
    with pytest.raises(BudgetError, match=match):
        load(written(tmp_path, section))


def test_the_section_s_numbers(tmp_path: Path) -> None:
    from holdfast.budget.numbers import numbers

    loaded = load(written(tmp_path, 'store = "db"\nlease = "5s"\nbody = "64KiB"'))
    section = loaded.budget.idempotency
    assert section is not None
    assert (section.lease, section.body, section.retention) == (5.0, 65536, None)
    found = {number.path: number for number in numbers(loaded) if number.path.startswith("idempotency")}
    assert found["idempotency.retention"].required
    assert found["idempotency.lease"].given
    (tmp_path / "holdfast.toml").write_text("")
    plain = load(tmp_path / "holdfast.toml")
    assert not [number for number in numbers(plain) if number.path.startswith("idempotency")]
