"""What the text is written on: clean words, tables without noise, and any terminal's alphabet."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from rich import box
from rich.console import Console, JustifyMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from holdfast.gate.report.quantity import NOTHING, TIMES
from holdfast.gate.result import Outcome

__all__ = ["COLOUR", "clean", "grid", "heading", "indented", "numbered", "show", "unicode", "words", "write"]

COLOUR: dict[Outcome, str] = {
    "pass": "green",
    "fail": "red",
    "cannot tell": "yellow",
    "not judged": "dim",
    "missing": "yellow",
}
# A log that is no terminal has no width of its own; rich would assume 80.
LOG_WIDTH = 100
# An escape sequence in a service's words must not move the reader's cursor.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Our own signs where a console knows only ASCII.
PLAIN: dict[str, str | int | None] = {
    "✓": "+",
    "✗": "x",
    "○": "o",
    "≤": "<=",
    "≥": ">=",
    "µ": "u",
    "─": "-",
    NOTHING: "-",
    TIMES: "x",
}


def clean(text: str) -> str:
    """Return `text` without what a terminal would obey."""
    return CONTROL.sub("�", text)


def words(text: str, style: str = "") -> Text:
    """Return `text` as itself: brackets are no markup here."""
    return Text(clean(text), style=style)


def heading(text: str) -> Text:
    """Return the title of a part, an empty line before it."""
    return Text(f"\n{text}", style="bold")


def indented(content: RenderableType) -> Padding:
    """Return `content` two columns in, where tables begin."""
    return Padding(content, (0, 0, 0, 2), expand=False)


def grid(columns: Sequence[str], rows: Sequence[Sequence[RenderableType]]) -> Table:
    """Return a table; a title with a leading ">" is of a column of numbers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.header_style = "dim"
    for title in columns:
        number = title.startswith(">")
        justify: JustifyMethod = "right" if number else "left"
        table.add_column(title.lstrip(">"), justify=justify, no_wrap=number, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def numbered(items: Sequence[Text]) -> Table:
    """Return `items` as a numbered list whose lines hang behind the numbers."""
    table = Table.grid(padding=(0, 1, 0, 0))
    for number, each in enumerate(items, 1):
        table.add_row(f"{number}.", each)
    return table


def show(console: Console, content: RenderableType) -> None:
    """Print `content`: as wide as the terminal, or as a log may be; in ASCII where there is no more."""
    if console.is_terminal and unicode(console):
        console.print(content)
        return
    page = console
    if not console.is_terminal:
        page = Console(file=io.StringIO(), width=max(LOG_WIDTH, console.width), color_system=None)
    with page.capture() as captured:
        page.print(content)
    write(console, "".join(f"{line.rstrip()}\n" for line in captured.get().split("\n")[:-1]))


def write(console: Console, text: str) -> None:
    """Write `text` as it is, unbroken, in the alphabet of `console`."""
    if not unicode(console):
        text = text.translate(str.maketrans(PLAIN))
        text = text.encode(console.encoding, "replace").decode(console.encoding)
    console.out(text, end="", highlight=False)


def unicode(console: Console) -> bool:
    """Return whether `console` can show every sign."""
    return console.encoding.lower().startswith("utf")
