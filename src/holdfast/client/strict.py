"""Whether what would hurt in production is an error here: for tests."""

from __future__ import annotations

import os

__all__ = ["STRICT", "strict"]

STRICT = "HOLDFAST_STRICT"
"""The environment variable that says so, as "1"."""


def strict() -> bool:
    """Return what it says now."""
    return os.environ.get(STRICT) == "1"
