"""The report as one offline HTML page: no network, no build chain, legible without scripts."""

from __future__ import annotations

from holdfast.gate.report.html.comparison import render_comparison
from holdfast.gate.report.html.single import render

__all__ = ["render", "render_comparison"]
