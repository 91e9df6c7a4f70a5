"""Which tools a project configures, and what they said: for `holdfast check`."""

from __future__ import annotations

from holdfast.check.answer import Answer, worst
from holdfast.check.run import run
from holdfast.check.tools import Tool, lint, tests, types

__all__ = ["Answer", "Tool", "lint", "run", "tests", "types", "worst"]
