"""The example with MongoDB, against a stand-in for its driver: what its page shows, and that it holds."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.service.asgi import call, lifespan

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "mongodb"


class PyMongoError(Exception):
    pass


class AutoReconnect(PyMongoError):
    pass


class Collection:
    """Documents in memory; `fails` is raised by as many calls as there are."""

    def __init__(self) -> None:
        self.documents: dict[int, dict[str, Any]] = {}
        self.fails: list[Exception] = []
        self.limits: list[int] = []
        self.calls = 0

    def _called(self) -> None:
        self.calls += 1
        if self.fails:
            raise self.fails.pop()

    async def find_one(self, wanted: Any, fields: Any, *, max_time_ms: int) -> dict[str, Any] | None:
        self.limits.append(max_time_ms)
        self._called()
        return self.documents.get(wanted["_id"])

    async def update_one(self, wanted: Any, change: Any, *, upsert: bool) -> None:
        self._called()
        document = self.documents.setdefault(wanted["_id"], {"related": []})
        document["related"].append(change["$addToSet"]["related"])


class Client(dict[str, Any]):
    """A client with one collection."""

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(shop={"products": Collection()})
        self.options = options
        self.closed = False

    def __class_getitem__(cls, item: Any) -> Any:
        return cls

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    pymongo, errors = ModuleType("pymongo"), ModuleType("pymongo.errors")
    pymongo.AsyncMongoClient = Client  # type: ignore[attr-defined]
    for name in ("ConnectionFailure", "ExecutionTimeout"):
        setattr(errors, name, type(name, (PyMongoError,), {}))
    errors.AutoReconnect, errors.PyMongoError = AutoReconnect, PyMongoError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pymongo", pymongo)
    monkeypatch.setitem(sys.modules, "pymongo.errors", errors)
    monkeypatch.setenv("MONGODB_URL", "mongodb://127.0.0.1")
    monkeypatch.setenv("HOLDFAST_BUDGET", str(EXAMPLE / "holdfast.toml"))
    sys.modules.pop("examples.mongodb.main", None)
    yield importlib.import_module("examples.mongodb.main")
    sys.modules.pop("examples.mongodb.main", None)


async def test_it_serves_and_degrades(main: Any) -> None:
    products: Collection = main.products
    async with lifespan(main.app):
        wrote = await call(main.app, "/products/1/related/2", method="PUT")
        assert wrote.body == b'{"done":true,"again":false}'
        assert (await call(main.app, "/products/1/related")).body == b"[2]"
        assert 0 < products.limits[-1] <= 2000

        products.fails = [AutoReconnect()]
        assert (await call(main.app, "/products/1/related")).body == b"[]"
        products.fails = [AutoReconnect()]
        refused = await call(main.app, "/products/1/related/3", method="PUT")
        assert refused.status == 503
        assert b'"dependency": "mongo"' in refused.body

        products.fails = [PyMongoError()]
        own = await call(main.app, "/products/1/related/4", method="PUT")
        assert own.body == b'{"done":false,"again":false}'
    assert main.client.closed
    assert not main.client.options["retryReads"]
    assert not main.client.options["retryWrites"]


async def test_a_breaker_spares_it(main: Any) -> None:
    products: Collection = main.products
    async with lifespan(main.app):
        for _ in range(40):
            products.fails = [AutoReconnect()]
            assert (await call(main.app, "/products/1/related")).body == b"[]"
        assert products.calls < 40


def test_the_page_shows_the_example() -> None:
    page = (ROOT / "docs" / "mongodb.md").read_text(encoding="utf-8")
    code = (EXAMPLE / "main.py").read_text(encoding="utf-8")
    budget = (EXAMPLE / "holdfast.toml").read_text(encoding="utf-8")
    assert code[code.index("from __future__") :] in page
    assert budget[budget.index("[dependency.mongo]") :] in page
