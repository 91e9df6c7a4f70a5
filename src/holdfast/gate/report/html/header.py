"""The head of a page: what was run, when, on what."""

from __future__ import annotations

from holdfast.gate.report.quantity import duration
from holdfast.gate.result import GateResult
from holdfast.page.markup import Child, Markup, element

__all__ = ["header"]


def header(title: str, result: GateResult) -> Markup:
    """Return the line above the verdict."""
    facts: list[Child] = [
        element("li", element("code", result.budget)),
        element("li", "environment ", element("b", result.environment)) if result.environment else None,
        element("li", element("time", _readable(result.started), datetime=result.started)),
        element("li", f"{duration(result.duration)} of load"),
        element("li", f"seed {result.seed}"),
    ]
    brand = element("p", element("b", "holdfast"), " gate", class_="brand")
    return element("header", brand, element("h1", title), element("ul", facts, class_="facts"))


def _readable(started: str) -> str:
    return started.replace("T", " ").replace("Z", " UTC")
