"""What all tests share: the real servers that some of them run."""

from __future__ import annotations

pytest_plugins = ["tests.servers.postgres"]
