"""The page of one result."""

from __future__ import annotations

from holdfast.gate.report.html.chart.axis import shared
from holdfast.gate.report.html.chart.pattern import definitions
from holdfast.gate.report.html.curves import curves
from holdfast.gate.report.html.header import header
from holdfast.gate.report.html.page import page
from holdfast.gate.report.html.section.verdict import verdict
from holdfast.gate.report.html.views import VIEWS
from holdfast.gate.report.judged import WORD, limit
from holdfast.gate.result import GateResult
from holdfast.page.document import navigation, section

__all__ = ["render"]


def render(result: GateResult) -> str:
    """Return the page: one HTML document that needs nothing else."""
    objective = limit(result.judgements, "p99")
    axes = shared([result], [objective.required] if objective and objective.required else [])
    # Who has one result wants its reasons next; side by side the curves speak first.
    views = sorted(
        (view for view in VIEWS if view.id != "why" or result.reasons), key=lambda view: view.id != "why"
    )
    body = [
        definitions(),
        header(result.app, result),
        verdict(result),
        navigation([(view.id, view.id.capitalize()) for view in views]),
        *(section(view.id, view.title, view.draw(0, result, axes), lead=view.lead) for view in views),
    ]
    title = f"{WORD[result.verdict.outcome]} · {result.service} · holdfast gate"
    return page(title, body, curves({"": result}))
