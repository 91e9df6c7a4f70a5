"""The sections of a Markdown document, by the anchors that GitHub gives their headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

__all__ = ["sections", "slug"]

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ANCHOR = re.compile(r"""<a\s+(?:id|name)=["']([^"']+)["']""")


def sections(document: str) -> Mapping[str, str]:
    """Return the text of each section by its anchor, its heading and its subsections included.

    A repeated heading gets "-1", "-2" as on GitHub. An explicit `<a id="...">` names the section it is in.
    """
    lines = document.splitlines()
    headings = list(_headings(lines))
    found: dict[str, str] = {}
    for number, (line, level, title) in enumerate(headings):
        end = next((at for at, other, _ in headings[number + 1 :] if other <= level), len(lines))
        text = "\n".join(lines[line:end])
        base = anchor = slug(title)
        repeat = 0
        while anchor in found:
            repeat += 1
            anchor = f"{base}-{repeat}"
        found[anchor] = text
        own_end = headings[number + 1][0] if number + 1 < len(headings) else len(lines)
        for explicit in _ANCHOR.findall("\n".join(lines[line:own_end])):
            found.setdefault(explicit, text)
    return found


def slug(title: str) -> str:
    """Return the anchor of a heading: small letters, punctuation dropped, spaces as hyphens.

    >>> slug("What counts: `5xx` & [shed](x.md)")
    'what-counts-5xx--shed'
    """
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", title)
    plain = re.sub(r"<[^>]*>", "", plain).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def _headings(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """Yield line, level and title of each heading; what stands in a code block is none."""
    fence = ""
    for number, line in enumerate(lines):
        if found := _FENCE.match(line):
            mark = found[1]
            if not fence:
                fence = mark
            elif mark[0] == fence[0] and len(mark) >= len(fence) and not line.strip().strip(mark[0]):
                fence = ""
            continue
        if fence:
            continue
        if found := _ATX.match(line):
            yield number, len(found[1]), found[2] or ""
        elif (found := _UNDERLINE.match(line)) and number and _paragraph(lines[number - 1]):
            yield number - 1, 1 if found[1][0] == "=" else 2, lines[number - 1]


def _paragraph(line: str) -> bool:
    return bool(line.strip()) and not re.match(r"\s*([#>|*+-]|\d+\.)", line)
