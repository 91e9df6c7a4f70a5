"""What counts the bodies."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.service.gatekeeper.bodies import Bodies, bodies, incoming
from tests.service.gatekeeper.bodies.held import SOON


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Bodies]:
    """Return what counts the bodies, once the app has started; time passes faster."""
    found: list[Bodies] = []

    def make(*arguments: Any, **more: Any) -> Bodies:
        found.append(Bodies(*arguments, **more))
        return found[0]

    monkeypatch.setattr("holdfast.service.running.Bodies", make)
    monkeypatch.setenv("HOLDFAST_DEADLINE__DEFAULT", "60s")
    monkeypatch.setenv("HOLDFAST_DEADLINE__CAP", "60s")
    monkeypatch.setattr(bodies, "STILL", SOON)
    monkeypatch.setattr(incoming, "STILL", SOON)
    return found
