"""A budget for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.service.opened.service import BUDGET, Service


@pytest.fixture
def service(tmp_path: Path) -> Callable[[], Service]:
    path = tmp_path / "holdfast.toml"
    path.write_text(BUDGET)
    return lambda: Service(path)
