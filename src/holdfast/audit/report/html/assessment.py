"""Part one: sentences, and every finding with its code and its chain to unfold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.audit.report.evidence import saves
from holdfast.audit.report.html.code import code
from holdfast.audit.report.html.said import said
from holdfast.audit.report.parts import Parts
from holdfast.audit.words import many
from holdfast.page.markup import Markup, element
from holdfast.page.table import place

__all__ = ["assessment"]

Finding = Mapping[str, Any]

_TONES = {"high": "fail", "medium": "missing", "low": ""}
_UNFOLDED = 3
"""Findings that show all of themselves at once; the others do when they are asked to."""


def assessment(told: Parts) -> Markup:
    """Return the part."""
    sentences = [element("p", said(sentence)) for sentence in told.assessment]
    stalls = [_unexplained(one) for one in told.unexplained]
    found = [_finding(one, unfolded=number < _UNFOLDED) for number, one in enumerate(told.findings)]
    return element(
        "div",
        sentences,
        element("ul", found, class_="findings") if found else None,
        [element("h3", "Stalls that no finding explains"), element("ul", stalls, class_="stalls")]
        if stalls
        else None,
    )


def _unexplained(one: Mapping[str, Any]) -> Markup:
    """Return what was measured, and the lines of a budget that would name the call."""
    return element(
        "li",
        element("p", place(f"{one['file']}:{one['line']}"), " in ", element("code", one["function"])),
        element("p", f"{one['seconds']:.3g} s in all, {many(one['victims'], 'request')} delayed"),
        element("p", "innermost frame ", element("code", one["sink"]), class_="quiet")
        if one["sink"]
        else None,
        code("for the budget, so that the audit knows this call", one["proposal"].split("\n"))
        if one["proposal"]
        else None,
    )


def _finding(one: Finding, *, unfolded: bool) -> Markup:
    head = element(
        "summary",
        element("span", one["severity"], class_=f"badge {_TONES[one['severity']]}".rstrip()),
        element(
            "span",
            element("b", one["rule"]),
            " ",
            said(one["message"]),
            element("small", place(f"{one['file']}:{one['line']}"), _entry(one)),
        ),
        _impact(one),
    )
    frame = one["frame"]
    shown = (
        code(place(f"{one['file']}:{one['line']}"), frame["lines"], first=frame["first"], marked=one["line"])
        if frame is not None
        else None
    )
    fix = element("p", element("b", "Fix: "), said(one["fix"]))
    body = element("div", _proof(one), shown, _chain(one), fix, class_="body")
    return element("li", element("details", head, body, open=unfolded))


def _entry(one: Finding) -> Markup | None:
    return element("span", " from ", element("code", one["entry"])) if one["entry"] else None


def _impact(one: Finding) -> Markup:
    """Return the label of the impact, and the time where one was measured; else whether it ran at all."""
    impact = one["impact"]
    label = impact["label"]
    if (seconds := impact.get("seconds")) is not None:
        label = f"{label}: {seconds:.3g} s"
    status = one["evidence"]["status"] if one["evidence"] is not None else ""
    if label == "unknown" and status in ("exercised", "not exercised"):
        return element("span", status, class_="badge")
    return element("span", f"impact {label}", class_="badge fail" if status == "confirmed" else "badge")


def _proof(one: Finding) -> Markup | None:
    evidence = one["evidence"]
    if evidence is None:
        return None
    words = [element("p", element("b", f"{evidence['status'].capitalize()}: "), evidence["says"])]
    if saved := saves(one["impact"]):
        words.append(element("p", element("b", "A fix saves: "), saved))
    if one["impact"]["label"] == "modelled":
        words.append(element("p", element("b", "Modelled: "), one["impact"]["how"]))
    return element("div", words)


def _chain(one: Finding) -> Markup | None:
    steps = one["chain"]
    if len(steps) < 2:
        return None
    return element(
        "ol",
        [
            element(
                "li",
                place(f"{step['file']}:{step['line']}"),
                element("span", step["function"], class_="function"),
                element("code", step["code"], class_="quiet") if step["code"] else None,
            )
            for step in steps
        ],
        class_="chain",
        aria_label="The chain of calls",
    )
