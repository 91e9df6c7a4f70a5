"""Both forms of the shop, each over SQLite and PostgreSQL, and a payment provider of their own."""

from __future__ import annotations

import contextlib
import importlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

ROOT = Path(__file__).parents[2]
BUDGET = ROOT / "examples" / "shop" / "holdfast.toml"

PATIENCE = {
    "DEPENDENCY__DB__TIMEOUT__TOTAL": "30s",
    "DEPENDENCY__DB__TIMEOUT__CONNECT": "20s",
    "DEPENDENCY__PAYMENTS__TIMEOUT__TOTAL": "30s",
    "DEPENDENCY__PAYMENTS__TIMEOUT__CONNECT": "20s",
    "DEADLINE__DEFAULT": "60s",
    "DEADLINE__CAP": "120s",
    "ADMISSION__MODE": "observe",
    "CACHE__PRODUCT__TTL": "10m",
    "CACHE__REPORT__TTL": "10m",
}
"""The shop's own limits are for its own machine; these are longer than any machine of a test stands still."""

Open = Callable[[str], AbstractContextManager[TestClient]]


def application(form: str) -> FastAPI:
    """Import a form of the shop anew, for it reads its budget when it is imported."""
    package = f"examples.shop.{form}"
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]
    app: FastAPI = importlib.import_module(package).app
    return app


@dataclass(slots=True)
class Provider:
    """The provider's process."""

    process: subprocess.Popen[str]
    url: str

    def books(self) -> dict[str, int]:
        """Return how many requests came and how many charges they made."""
        with urllib.request.urlopen(f"{self.url}/charges", timeout=10) as answer:
            books: dict[str, int] = json.load(answer)
            return books

    def stop(self) -> None:
        """End the process and wait for it."""
        self.process.terminate()
        self.process.communicate(timeout=10)


@contextlib.contextmanager
def provided(*arguments: str) -> Iterator[Provider]:
    """Run the provider on a free port."""
    command = [sys.executable, "-m", "examples.shop.provider", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Provider(process, process.stdout.readline().split()[-1])
        finally:
            process.kill()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provided() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database, in DATABASE_URL too."""
    url = f"sqlite:///{tmp_path}/shop.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    monkeypatch.setenv("DATABASE_URL", url)
    return url


@pytest.fixture
def shop(database_url: str, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open a form of the shop by its name."""
    monkeypatch.setenv("PAYMENTS_URL", provider.url)
    monkeypatch.setenv("HOLDFAST_BUDGET", str(BUDGET))
    for name, value in PATIENCE.items():
        monkeypatch.setenv(f"HOLDFAST_{name}", value)

    def opened(form: str) -> AbstractContextManager[TestClient]:
        return TestClient(application(form))

    return opened
