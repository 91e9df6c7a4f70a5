"""What all tests share: the real servers and tools that some of them run."""

from __future__ import annotations

import gc
import signal
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent

pytest_plugins = [
    "tests.servers.postgres",
    "tests.servers.mariadb",
    "tests.servers.promtool",
    "tests.servers.rabbitmq",
    "tests.servers.redis",
]

# No test judges how long something takes: on a busy machine any example may take a second.
settings.register_profile("holdfast", deadline=None)
settings.load_profile("holdfast")

# A shell that starts the suite in the background has it ignore SIGINT, and every process that a test starts
# would inherit that and could not be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


ALONE = ("benchmarks", "chaos", "cli", "simulation")
"""Folders whose tests judge how a service fares here, or load it: nothing else runs beside them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tell the tests that want the machine for themselves from those that several processes may share."""
    for item in items:
        if item.path.relative_to(ROOT).parts[0] in ALONE:
            item.add_marker(pytest.mark.alone)


def pytest_collection_finish() -> None:
    """Let no collection of garbage look at what was collected: the modules of thousands of tests stay.

    Tests that count what is left collect garbage first, and that would take longer than all else they do.
    """
    gc.collect()
    gc.freeze()
