"""Code with the numbers of its lines, one of them marked."""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.page.markup import Child, Markup, element

__all__ = ["code"]


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
