"""The mistakes of the fragile form and how the held form mends them, side by side, from the code itself.

A mark is a comment of its own on the line above what it marks, `# mistake: <slug>` or `# held: <slug>`. It
reaches to the comment `# end` in the same column; where there is none, over the statement that follows. What
lines of the budget mend is marked there.
"""

from __future__ import annotations

import ast
import re
import textwrap
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Mistake", "load"]

FOLDER = Path(__file__).parent
MARK = re.compile(r"(?P<indent> *)# (?P<kind>mistake|held): (?P<slug>[a-z0-9-]+)")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. Code is dedented and without marks; places are "examples/shop/fragile/orders.py:21".

    `harm`: what it does under load. `project`, `reference`, `file`: where it was made and mended in public.
    """

    slug: str
    title: str
    harm: str
    fragile_code: str
    fragile_place: str
    held_code: str
    held_place: str
    project: str
    reference: str
    file: str


def load() -> tuple[Mistake, ...]:
    """Return all mistakes, in the order of mistakes.toml.

    Raises KeyError where a mistake has no mark in one of the two forms, ValueError where it has two.
    """
    listed = tomllib.loads((FOLDER / "mistakes.toml").read_text(encoding="utf-8"))["mistake"]
    fragile = marked("mistake", *(FOLDER / "fragile").glob("*.py"))
    held = marked("held", *(FOLDER / "held").glob("*.py"), FOLDER / "holdfast.toml")
    return tuple(
        Mistake(
            **entry,
            fragile_code=fragile[entry["slug"]].code,
            fragile_place=fragile[entry["slug"]].place,
            held_code=held[entry["slug"]].code,
            held_place=held[entry["slug"]].place,
        )
        for entry in listed
    )


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a file that a mark points at."""

    slug: str
    code: str
    place: str


def marked(kind: str, *paths: Path) -> Mapping[str, Excerpt]:
    """Return what the marks of `kind` point at in these files, by slug."""
    found: dict[str, Excerpt] = {}
    for path in paths:
        file = path.relative_to(FOLDER.parent.parent).as_posix()
        for excerpt in excerpts(path.read_text(encoding="utf-8"), kind, file):
            if excerpt.slug in found:
                raise ValueError(
                    f"{excerpt.place}: {excerpt.slug} is marked at {found[excerpt.slug].place} too"
                )
            found[excerpt.slug] = excerpt
    return found


def excerpts(text: str, kind: str, file: str) -> Iterator[Excerpt]:
    """Yield what the marks of `kind` point at in the text of a file, Python or another."""
    lines = text.splitlines()
    ends = _statement_ends(text) if file.endswith(".py") else {}
    for number, line in enumerate(lines, 1):
        mark = MARK.fullmatch(line)
        if mark is None or mark["kind"] != kind:
            continue
        first = number + 1
        last = _explicit_end(lines, number, mark["indent"]) or ends.get(first, first)
        kept = [text for text in lines[first - 1 : last] if not MARK.fullmatch(text)]
        yield Excerpt(mark["slug"], textwrap.dedent("\n".join(kept)).strip("\n"), f"{file}:{first}")


def _explicit_end(lines: list[str], mark: int, indent: str) -> int | None:
    """Return the last line before `# end` in the mark's column; None where another mark comes first."""
    for number, line in enumerate(lines[mark:], mark + 1):
        if line == f"{indent}# end":
            return number - 1
        other = MARK.fullmatch(line)
        if other and other["indent"] == indent:
            return None
    return None


def _statement_ends(source: str) -> Mapping[int, int]:
    """Return the last line of each statement by its first, decorators included."""
    ends: dict[int, int] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt):
            decorators: list[ast.expr] = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
            ends[first] = max(ends.get(first, 0), node.end_lineno or first)
    return ends
