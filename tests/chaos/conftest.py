"""A held service under `holdfast serve`, for tests that treat it badly."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.chaos.held import BUDGET, SOURCE, Held
from tests.serve.conftest import start as start
from tests.serve.running import Service, until

Launch = Callable[..., Held]


@pytest.fixture
def launch(start: Callable[..., Service]) -> Launch:
    """Start the held service with so many workers and wait until all of them serve."""

    def run(workers: int = 1, *, budget: str = BUDGET, environ: dict[str, str] | None = None) -> Held:
        service = start(SOURCE, "--workers", str(workers), budget=budget, environ=environ).serving()
        until(lambda: len(service.workers()) == workers, "all workers")
        return Held(service)

    return run
