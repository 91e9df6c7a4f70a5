"""What is decided of the dependencies in these tests."""

from __future__ import annotations

from typing import Any

DECIDED: dict[str, Any] = {
    "timeout": {"connect": "5s", "total": "10s"},
    "retry": {"attempts": 2, "budget": "100%"},
    "fallback": "503",
}

HASTY: dict[str, Any] = {"timeout": {"connect": "150ms", "total": "300ms"}}
"""A section that gives up soon; everywhere else a busy machine has its time."""
