"""A budget with all that the gatekeeper goes by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

BUDGET = """
[service]
name = "test"
workers = 1
[objective]
p99 = "4ms"
[admission]
limit = {limit}
queue = {queue}
wait = "{wait}"
[deadline]
default = "{deadline}"
cap = "5s"
"""


@pytest.fixture
def budget(tmp_path: Path) -> Any:
    def write(limit: int = 8, queue: int = 0, wait: str = "50ms", deadline: str = "2s") -> Path:
        path = tmp_path / "holdfast.toml"
        path.write_text(BUDGET.format(limit=limit, queue=queue, wait=wait, deadline=deadline))
        return path

    return write
