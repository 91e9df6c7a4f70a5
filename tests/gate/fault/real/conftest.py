from __future__ import annotations

import pytest
import uvloop

from tests.gate.fault.conftest import Run, runner_on


@pytest.fixture
def run() -> Run:
    """Runs a coroutine on the gate's loop; the other is shown to be alike before servers of the tests."""
    return runner_on(uvloop.new_event_loop)
