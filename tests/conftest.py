"""What all tests share: the real servers that some of them run."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["tests.servers.postgres"]

# No test judges how long something takes: on a busy machine any example may take a second.
settings.register_profile("holdfast", deadline=None)
settings.load_profile("holdfast")
