"""Tables that stay readable on a narrow screen, where each row becomes a small list of named values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.page.markup import Child, Markup, element

__all__ = ["Column", "place", "table"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and `kind` "text", "number" or "name" (the row's own heading)."""

    title: str
    kind: str = "text"


def table(
    columns: Sequence[Column], rows: Sequence[Sequence[Child]], *, empty: str, folds: str = ""
) -> Markup:
    """Return a table, or the sentence `empty` where there is no row.

    With `folds` the last column moves below the others where there is little room, and these get the widths
    (CSS grid tracks) in `folds`.
    """
    if not rows:
        return element("p", empty, class_="none")
    head = element("tr", [element("th", each.title, scope="col", class_=each.kind) for each in columns])
    body = [
        element("tr", [_cell(column, value) for column, value in zip(columns, row, strict=True)])
        for row in rows
    ]
    return element(
        "table",
        element("thead", head),
        element("tbody", body),
        class_="folds" if folds else None,
        style=f"--tracks:{folds}" if folds else None,
    )


def place(text: str) -> Markup:
    """Return a file:line (or another name of code) that may break after its slashes, or nothing."""
    if not text:
        return Markup()
    parts = text.split("/")
    broken: list[Child] = []
    for index, part in enumerate(parts):
        broken += [
            part,
            "/" if index < len(parts) - 1 else None,
            Markup("<wbr>") if index < len(parts) - 1 else None,
        ]
    return element("code", broken)


def _cell(column: Column, value: Child) -> Markup:
    if column.kind == "name":
        return element("th", value, scope="row", class_="name")
    return element("td", value, class_=column.kind, data_label=column.title)
