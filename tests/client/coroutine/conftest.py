from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.policy.virtual_loop import run_virtual


@pytest.fixture
def virtual() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return run_virtual
