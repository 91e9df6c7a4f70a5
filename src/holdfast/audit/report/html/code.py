"""Code with the numbers of its lines, one of them marked, and changes of code."""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.page.markup import Child, Markup, element

__all__ = ["code", "diff"]


def code(
    caption: Child, lines: Iterable[str], *, first: int = 0, marked: int = 0, tone: str = "gone"
) -> Markup:
    """Return a figure of `lines`; they are counted from `first`, not at all where it is 0."""
    body = [
        element(
            "span",
            element("i", str(number) if first else " ", aria_hidden="true"),
            text or " ",
            class_=f"line {tone}" if marked and number == marked else "line",
        )
        for number, text in enumerate(lines, first)
    ]
    return element(
        "figure",
        element("figcaption", caption),
        element("pre", element("code", body), tabindex="0"),
        class_="code numbered column" if first else "code column",
    )


_TONES = {"+": "line new", "-": "line gone"}


def diff(caption: Child, lines: Iterable[str]) -> Markup:
    """Return a figure of a unified diff; of the two lines that name a file the second stands for both."""
    body = [_changed(text) for text in lines if not text.startswith("--- ")]
    return element(
        "figure",
        element("figcaption", caption),
        element("pre", element("code", body), tabindex="0"),
        class_="code column",
    )


def _changed(text: str) -> Markup:
    if text.startswith(("+++ b/", "@@ ")):
        return element("span", text.removeprefix("+++ b/"), class_="line quiet")
    sign = element("i", text[:1] or " ")
    return element("span", sign, text[1:] or " ", class_=_TONES.get(text[:1], "line"))
