from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from holdfast import Holdfast
from holdfast.errors import BudgetError, UsageError
from holdfast.telemetry.exposition.collector import render_process
from tests.service.asgi import call, lifespan

pytestmark = pytest.mark.anyio

BUDGET = """
[service]
name = "shop"

[cache.product]
ttl = "60s"
stale = "5m"
negative = "5s"
bytes = "1MiB"
"""


class Product(BaseModel):
    name: str
    price: int = 0


class User:
    """What an app's authentication may return: nothing that can be written."""


@dataclass(frozen=True)
class Filter:
    colour: str = "red"


def held(folder: Path, toml: str = BUDGET) -> tuple[FastAPI, Holdfast]:
    (folder / "holdfast.toml").write_text(toml, encoding="utf-8")
    app = FastAPI()
    return app, Holdfast(app, budget=folder / "holdfast.toml")


async def session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]


async def test_a_route_computes_once_for_each_of_its_arguments(tmp_path: Path) -> None:
    app, hold = held(tmp_path)
    computed: list[int] = []

    @app.get("/products/{product_id}/{colour}")
    @hold.cached("product")
    async def product(product_id: int, session: Session, colour: str = "red") -> Product:
        assert isinstance(session, AsyncSession)
        computed.append(product_id)
        return Product(name=colour, price=product_id)

    async with lifespan(app):
        for path in ("1/red", "1/red", "2/red", "1/blue", "1/red"):
            answer = await call(app, f"/products/{path}")
            assert answer.status == 200
        assert json.loads(answer.body) == {"name": "red", "price": 1}
        assert computed == [1, 2, 1]
        assert await product.cache.delete(product_id=1)  # what has a default may be left out
        await product.cache.put(Product(name="new"), product_id=2)
        assert json.loads((await call(app, "/products/2/red")).body) == {"name": "new", "price": 0}
        await call(app, "/products/1/red")
        assert computed == [1, 2, 1, 1]


async def test_a_plain_function_computes_in_a_thread_and_hits_take_none(tmp_path: Path) -> None:
    app, hold = held(tmp_path)

    @app.get("/products/{product_id}")
    @hold.cached("product")
    def product(product_id: int) -> Product:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        return Product(name="kelp")

    async with lifespan(app):
        for _ in range(3):
            assert (await call(app, "/products/1")).status == 200


async def test_404_is_remembered_for_as_long_as_was_decided(tmp_path: Path) -> None:
    app, hold = held(tmp_path)
    computed = 0

    @app.get("/products/{product_id}")
    @hold.cached("product")
    async def product(product_id: int) -> Product:
        nonlocal computed
        computed += 1
        raise HTTPException(404, "no such product")

    async with lifespan(app):
        for _ in range(3):
            answer = await call(app, "/products/1")
            assert answer.status == 404
            assert "no such product" in answer.body.decode()
        assert computed == 1


async def test_an_error_is_not_kept(tmp_path: Path) -> None:
    _, hold = held(tmp_path)
    computed = 0

    @hold.cached("product")
    async def product(product_id: int) -> Product:
        nonlocal computed
        computed += 1
        raise HTTPException(503)

    for _ in range(2):
        with pytest.raises(HTTPException):
            await product(product_id=1)
    assert computed == 2


async def test_tenants_never_meet(tmp_path: Path) -> None:
    app, hold = held(tmp_path, BUDGET + 'tenant = "header x-tenant"\n')
    computed: list[str] = []

    @app.get("/orders")
    @hold.cached("product")
    async def orders(page: int = 1) -> list[str]:
        computed.append("x")
        return [str(len(computed))]

    async with lifespan(app):
        seen = {
            tenant: [(await call(app, "/orders", headers={"x-tenant": tenant})).body for _ in range(2)]
            for tenant in ("a", "b", "ab")
        }
        assert [len(set(bodies)) for bodies in seen.values()] == [1, 1, 1]
        assert len({bodies[0] for bodies in seen.values()}) == 3
        assert await orders.cache.tenant("a").delete()
        assert not await orders.cache.tenant("nobody").delete()
        with pytest.raises(UsageError, match="a tenant that is not known"):  # they would be everybody's
            await call(app, "/orders")


async def test_the_same_name_does_not_mix_functions(tmp_path: Path) -> None:
    _, hold = held(tmp_path)

    @hold.cached("product")
    async def one(number: int) -> int:
        return 1

    @hold.cached("product")
    async def two(number: int) -> int:
        return 2

    assert (await one(5), await two(5), await one(number=5)) == (1, 2, 1)


async def test_what_is_given_out_is_shared_unless_it_is_copied(tmp_path: Path) -> None:
    _, hold = held(tmp_path)

    @hold.cached("product")
    async def shared() -> list[int]:
        return [1]

    @hold.cached("product", copies=True)
    async def copied() -> list[int]:
        return [1]

    assert await shared() is await shared()
    (await copied()).append(2)
    assert await copied() == [1]


async def no_annotation(product_id: int):  # type: ignore[no-untyped-def]
    return 1


async def answers(product_id: int) -> Response:
    return Response()


async def whole_request(request: Request) -> int:
    return 1


async def some_user(user: Annotated[User, Depends(User)]) -> int:
    return 1


async def anything(**filters: int) -> int:
    return 1


async def nothing_to_write() -> User:
    return User()


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (no_annotation, "expected a return annotation"),
        (answers, "returns a response"),
        (whole_request, "request .Request. says everything about its caller"),
        (some_user, r'user .User. cannot be part of a key: .* ignore=\("user",\)'),
        (anything, "filters stands for any arguments"),
        (nothing_to_write, "cannot be kept as JSON"),
    ],
)
def test_what_cannot_be_cached_is_refused_when_it_is_decorated(
    tmp_path: Path, function: Callable[..., Any], said: str
) -> None:
    _, hold = held(tmp_path)
    with pytest.raises(UsageError, match=said) as mistake:
        hold.cached("product")(function)
    assert function.__name__ in mistake.value.place


def test_a_cache_that_the_budget_does_not_have(tmp_path: Path) -> None:
    _, hold = held(tmp_path)
    with pytest.raises(UsageError, match='no cache "prodcut"; known: product'):
        hold.cached("prodcut")
    with pytest.raises(UsageError, match="ignore names no parameter: b"):
        hold.cached("product", ignore=("b",))(test_a_cache_that_the_budget_does_not_have)


async def test_what_can_be_written_or_is_ignored_is_accepted(tmp_path: Path) -> None:
    _, hold = held(tmp_path)

    @hold.cached("product", ignore=("user",))
    async def search(
        wanted: Filter, ids: list[int] | None, user: User, response: Response | None = None
    ) -> int:
        return 1 if wanted.colour == "red" else 2

    assert await search(Filter(), [1], User()) == 1
    assert await search(Filter("blue"), [1], User()) == 2
    assert search.cache.key(Filter(), [1]) == search.cache.key(wanted=Filter(), ids=[1])


async def test_the_explicit_words(tmp_path: Path) -> None:
    _, hold = held(tmp_path)
    cache = hold.cache("product", Product)
    kelp = Product(name="kelp")
    assert await cache.get("a") is None
    await cache.set("a", kelp, tags=["algae"])
    await cache.set(("a", 2), Product(name="two"), tags=["algae"])
    await cache.tenant("acme").set("a", Product(name="acme's"))
    assert await cache.get("a") == kelp
    assert await cache.exists(("a", 2))
    await cache.delete_tag("algae")
    assert not await cache.exists("a")
    assert not await cache.exists(("a", 2))
    found = await cache.tenant("acme").get("a")
    assert found is not None
    assert found.name == "acme's"
    assert await cache.tenant("acme").delete("a")
    values = hold.cache("product")

    async def compute() -> list[Any]:
        return [1, {"a": None}]

    assert await values.get_or_set(7, compute) == [1, {"a": None}]
    assert await values.get(7) == [1, {"a": None}]


async def test_a_missing_number_observes_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app, hold = held(tmp_path, BUDGET.replace('ttl = "60s"\n', ""))
    computed = 0

    @app.get("/number")
    @hold.cached("product")
    async def number() -> int:
        nonlocal computed
        computed += 1
        return computed

    async with lifespan(app):
        assert [(await call(app, "/number")).body for _ in range(2)] == [b"1", b"2"]
    assert "cache product: only observes, not decided: cache.product.ttl" in caplog.text
    assert await hold.cache("product").get("k") is None


async def test_observing_serves_nothing_and_counts(tmp_path: Path) -> None:
    _, hold = held(tmp_path, BUDGET + 'mode = "observe"\n')
    computed = 0

    @hold.cached("product")
    async def number() -> int:
        nonlocal computed
        computed += 1
        return computed

    assert [await number() for _ in range(3)] == [1, 2, 3]


async def test_it_is_warm_when_it_is_asked(tmp_path: Path) -> None:
    app, hold = held(tmp_path)
    computed: list[int] = []
    done = asyncio.Event()

    async def popular() -> list[dict[str, Any]]:
        return [{"product_id": number} for number in (1, 2, 3, 4, 13)]

    @hold.cached("product", warm=popular)
    async def product(product_id: int) -> Product:
        computed.append(product_id)
        if product_id == 13:
            done.set()
            raise OSError
        return Product(name="kelp")

    async with lifespan(app):
        await done.wait()
        await product(product_id=1)
        await product(product_id=2)
    assert sorted(computed) == [1, 2, 3, 4, 13]


async def test_it_is_counted(tmp_path: Path) -> None:
    app, hold = held(tmp_path, BUDGET.replace("product", "counted"))

    @hold.cached("counted")
    async def number() -> int:
        return 1

    async with lifespan(app):
        for _ in range(5):
            await number()
    text = render_process().decode()
    assert 'holdfast_cache_total{cache="counted",outcome="miss"} 1.0' in text
    assert 'holdfast_cache_total{cache="counted",outcome="hit"} 4.0' in text


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (BUDGET + 'store = "redis"\n', 'no Redis dependency is named "redis"; known: none'),
        (BUDGET + 'tenant = "user"\n', 'expected "state NAME"'),
        (BUDGET.replace('negative = "5s"', 'negative = "5m"'), "negative (5m) is above ttl (1m)"),
        (BUDGET.replace("1MiB", "lots"), "cache.product.bytes"),
    ],
)
def test_a_mistake_in_the_budget_is_told_with_its_place(tmp_path: Path, toml: str, said: str) -> None:
    with pytest.raises(BudgetError) as mistake:
        held(tmp_path, toml)
    assert said in str(mistake.value)
    assert "holdfast.toml:" in mistake.value.place
