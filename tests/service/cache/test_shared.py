from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.errors import UsageError
from tests.service.asgi import lifespan
from tests.service.cache.test_cached import BUDGET, Product, held

pytestmark = pytest.mark.anyio

REDIS = BUDGET + 'store = "redis"\nwait = "5s"\n[dependency.redis]\nkind = "redis"\nurl_env = "CACHE_URL"\n'
REDIS += 'timeout = { connect = "5s", total = "10s" }\n'  # a busy machine is no outage


async def test_two_apps_share_what_one_computes(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACHE_URL", redis_url)
    computed = 0
    (app, hold), (other_app, other_hold) = held(tmp_path, REDIS), held(tmp_path, REDIS)

    async def product(product_id: int) -> Product:
        nonlocal computed
        computed += 1
        return Product(name="kelp")

    here, there = hold.cached("product")(product), other_hold.cached("product")(product)
    async with lifespan(app), lifespan(other_app):
        assert await here(product_id=1) == await there(product_id=1) == Product(name="kelp")
        assert computed == 1
        assert await there.cache.delete(product_id=1)
        await other_hold.cache("product", Product).set("x", Product(name="by hand"))
        found = await hold.cache("product", Product).get("x")
        assert found == Product(name="by hand")


async def test_an_address_that_is_missing_is_told_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CACHE_URL", raising=False)
    _, hold = held(tmp_path, REDIS)
    with pytest.raises(UsageError) as mistake:
        await hold.cache("product").get("k")
    assert mistake.value.place == "CACHE_URL"
