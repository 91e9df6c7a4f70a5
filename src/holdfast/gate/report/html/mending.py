"""One mistake and the few lines that mend it: before and after, the changed lines marked."""

from __future__ import annotations

import textwrap
from difflib import SequenceMatcher

from holdfast.gate.report.mistake import Mistake
from holdfast.page.markup import Markup, element
from holdfast.page.table import place

__all__ = ["mending"]


def mending(number: int, shown: Mistake) -> Markup:
    """Return the mistake as a list item with both forms of the code."""
    before, after = _lines(shown.fragile_code), _lines(shown.held_code)
    matcher = SequenceMatcher(a=before, b=after, autojunk=False)
    gone, new = set(range(len(before))), set(range(len(after)))
    for block in matcher.get_matching_blocks():
        gone -= set(range(block.a, block.a + block.size))
        new -= set(range(block.b, block.b + block.size))
    return element(
        "li",
        element("h3", f"{number}. {shown.title}"),
        element("p", shown.harm),
        element(
            "div",
            _code("fragile", shown.fragile_place, before, gone, "gone", "−"),  # noqa: RUF001 - a true minus sign
            _code("held", shown.held_place, after, new, "new", "+"),
            class_="columns",
            style="--columns:2",
        ),
        _project(shown) if shown.project else None,
        id=f"mistake-{shown.slug}",
    )


def _lines(code: str) -> list[str]:
    return textwrap.dedent(code).strip("\n").splitlines()


def _code(form: str, where: str, lines: list[str], changed: set[int], tone: str, sign: str) -> Markup:
    body = [
        element(
            "span",
            element("i", sign if index in changed else " ", aria_hidden="true"),
            line or " ",
            class_=f"line {tone}" if index in changed else "line",
        )
        for index, line in enumerate(lines)
    ]
    caption = element("figcaption", element("b", form), " ", place(where))
    return element(
        "figure", caption, element("pre", element("code", body), tabindex="0"), class_="code column"
    )


def _project(shown: Mistake) -> Markup:
    name = element("b", shown.project)
    return element("p", "Made and mended in ", name, ": ", _link(shown.reference), class_="quiet")


def _link(reference: str) -> Markup:
    if reference.startswith(("https://", "http://")):
        return element("a", reference, href=reference, rel="noreferrer noopener")
    return element("span", reference)
