"""The report in the terminal: readable at 100 columns, and without colour in the log of a CI run."""

from __future__ import annotations

from holdfast.gate.report.text.comparison import render_comparison
from holdfast.gate.report.text.single import render

__all__ = ["render", "render_comparison"]
