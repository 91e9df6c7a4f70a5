"""What was told of keys meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdfast.events import KeyDecided
from holdfast.telemetry import process


@pytest.fixture
def told() -> Iterator[list[str]]:
    """The outcomes that were told since."""
    outcomes: list[str] = []

    def hear(event: KeyDecided) -> None:
        outcomes.append(event.outcome)

    process.bus().subscribe(KeyDecided, hear)
    yield outcomes
    process.bus().unsubscribe(KeyDecided, hear)
