"""The page: what was audited, the verdict, and the five parts."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from holdfast.audit.report.html.assessment import assessment
from holdfast.audit.report.html.examples import examples
from holdfast.audit.report.html.recommendations import recommendations
from holdfast.audit.report.html.said import said
from holdfast.audit.report.parts import Parts, parts
from holdfast.audit.words import found, many
from holdfast.page.document import navigation, page, section
from holdfast.page.markup import Child, Markup, element
from holdfast.page.table import Column, table

__all__ = ["html"]

_MARK = {"pass": "✓", "fail": "✗"}
_COLUMNS = (Column("Metric", "name"), Column("Shows the harm of"))


def html(document: Mapping[str, Any]) -> str:
    """Return the report on an audit's document: one HTML document that needs nothing else."""
    told = parts(document)
    sections = [
        ("assessment", "1. Assessment", "What was found, the costliest and worst first.", assessment(told)),
        (
            "recommendations",
            "2. Recommendations",
            "What to change, in the order in which it pays: what was measured, then impact against effort.",
            recommendations(told.recommendations),
        ),
        (
            "examples",
            "3. Code examples",
            "This code as it is, and mended; or what the rule shows as good.",
            examples(told.recommendations),
        ),
        ("monitor", "4. What to monitor", "Metrics of docs/metrics.md that would show it.", _monitor(told)),
        ("next", "5. Next steps", "And what reading alone could not answer.", _next(told)),
    ]
    body = [
        _header(document),
        _verdict(document),
        navigation([(identifier, title.partition(". ")[2]) for identifier, title, _, _ in sections]),
        *(section(identifier, title, drawn, lead=lead) for identifier, title, lead, drawn in sections),
    ]
    style = files("holdfast.audit.report.html").joinpath("style.css").read_text(encoding="utf-8")
    return page(f"{document['outcome']} · {document['project']} · holdfast audit", body, style=style)


def _header(document: Mapping[str, Any]) -> Markup:
    written = document["written"]
    facts: list[Child] = [
        element("li", many(document["files"], "file")),
        element("li", many(document["lines"], "line")),
        element("li", element("time", written.replace("T", " ").replace("Z", " UTC"), datetime=written)),
        element("li", f"holdfast {document['holdfast']}"),
    ]
    if document["evidence"] is not None:
        facts += [
            element("li", f"{one['kind']} ", element("code", one["file"]), f": {one['says']}")
            for one in document["evidence"]["sources"]
        ]
    brand = element("p", element("b", "holdfast"), " audit", class_="brand")
    return element("header", brand, element("h1", document["project"]), element("ul", facts, class_="facts"))


def _verdict(document: Mapping[str, Any]) -> Markup:
    outcome = document["outcome"]
    summary = f"{found(document['summary'])} found; fails from {document['fail_on']} on"
    return element(
        "div",
        element(
            "div",
            element("span", _MARK[outcome], class_="mark", aria_hidden="true"),
            element("div", element("p", outcome.upper(), class_="word")),
            element("p", summary, class_="summary"),
            class_="banner",
        ),
        class_=f"verdict {outcome}",
    )


def _monitor(told: Parts) -> Markup:
    rows: list[list[Child]] = [
        [element("code", metric.name), ", ".join(metric.codes)] for metric in told.metrics
    ]
    return table(_COLUMNS, rows, empty="Nothing in particular.")


def _next(told: Parts) -> Markup:
    steps = element("ol", [element("li", said(step)) for step in told.steps], class_="steps")
    asked = [element("li", said(question)) for question in told.questions]
    title = element("h3", "Questions that reading could not answer")
    none = element("p", "None.", class_="none")
    return element("div", steps, title, element("ul", asked, class_="questions") if asked else none)
