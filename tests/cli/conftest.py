"""The gates that tests ask about, begun before any of them does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.gated import folder
from tests.cli.gates import Gates

ASKS = {"test_gate": "whole", "test_gate_interrupted": "interrupted", "test_gate_mistakes": "mistaken"}
"""Which gates a module asks about: those of a module that was not collected are not begun."""


@pytest.fixture(autouse=True)
def caches(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what audits read out of the folders of who runs the tests, and of the projects in `tmp_path`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "caches"))


@pytest.fixture(scope="session", autouse=True)
def gates(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gates]:
    """Begin with the first test here, so that all run while others do what takes no gate."""
    collected = {
        item.path.stem for item in request.session.items if item.path.parent == Path(__file__).parent
    }
    folders = ExitStack()
    begun = Gates(
        lambda: folders.enter_context(folder(tmp_path_factory.mktemp("gate"))),
        {group for module, group in ASKS.items() if module in collected},
    )
    try:
        yield begun
    finally:
        begun.close(folders)
