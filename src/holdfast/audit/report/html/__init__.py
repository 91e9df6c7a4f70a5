"""The report in five parts as one offline HTML page: no network, no scripts."""

from __future__ import annotations

from holdfast.audit.report.html.page import html

__all__ = ["html"]
