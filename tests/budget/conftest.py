"""A complete budget with the documents that its numbers come from."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from holdfast.budget import Loaded, load
from holdfast.budget.derive.cores import Cores

TODAY = datetime.date(2026, 11, 20)
TWO_CORES = Cores(2.0, "affinity")

BUDGET = """\
[service]
name = "shop"
app = "shop.main:app"
replicas = { min = 2, max = 6, surge = 1 }

[objective]
availability = "99.9%"
p99 = "300ms"
throughput = "200/s"
recovery = "10s"
route."POST /orders".p99 = "800ms"
without.payments = "90%"

[traffic]
peak = "200/s"
burst = 2.0
request = [
  { send = "GET /products/{1..500}", weight = 90 },
  { send = "POST /orders", json = "order.json", weight = 10, needs = ["payments"] },
]

[dependency.payments]
kind = "http"
url_env = "PAYMENTS_URL"
timeout = { connect = "100ms", total = "400ms" }
breaker = { window = "10s", failures = "50%", open = "5s" }
bulkhead = 24
retry = { attempts = 2, budget = "20%" }
fallback = "503"
headroom = "400/s"

[dependency.db]
kind = "postgres"
url_env = "DATABASE_URL"
max_connections = 100
held = "8ms"

[deadline]
default = "2s"

[drain]
announce = "5s"

[env.ci.service]
replicas = { min = 1, max = 1, surge = 0 }

[source]
"*" = "docs/numbers.md#all-of-them"
"env.ci.*" = "docs/numbers.md#ci"
"""

NUMBERS = """\
# Numbers

## All of them

2 to 6 replicas and one more while deploying. 99.9% available, p99 within 300 ms, orders within 0.8 seconds.
We keep 200 requests per second, at the peak as well, twice that in a burst, and are back after 10 s.

Payments: 100 ms to connect, 400 ms in all; 90% of requests do without. The breaker looks at 10 s, trips
at 50% and waits 5 s. 24 calls at a time, two attempts, 20% retries, 400/s of headroom.
The database takes 100 connections, a request holds one for 8 ms.
A deadline of 2 s; 5 s of announcement.

## CI

One replica, no surge: 1 and 0.
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a budget, its text changed by pairs of (old, new), with its documents."""

    def written(*changes: tuple[str, str], text: str = BUDGET, numbers: str = NUMBERS) -> Path:
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        (tmp_path / "docs").mkdir(exist_ok=True)
        (tmp_path / "docs" / "numbers.md").write_text(numbers, encoding="utf-8")
        path = tmp_path / "holdfast.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def loaded(write: Callable[..., Path]) -> Callable[..., Loaded]:
    """Return a function that writes a budget so changed and loads it."""

    def of(
        *changes: tuple[str, str],
        environment: str | None = None,
        environ: Mapping[str, str] | None = None,
        **texts: str,
    ) -> Loaded:
        return load(write(*changes, **texts), environment=environment, environ=environ or {})

    return of
