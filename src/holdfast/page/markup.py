"""Building markup that cannot be broken out of: text is escaped by being text.

A `Markup` is a string that is known to be markup; everything else is escaped where it enters. So no view
ever decides whether to escape.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from typing import Any, TypeAlias

__all__ = ["Child", "Markup", "data_block", "element", "escape", "fragment"]


class Markup(str):
    """A string that is markup already."""

    __slots__ = ()


Child: TypeAlias = "str | Iterable[Child] | None"

VOID = frozenset({"br", "hr", "link", "meta"})
# Control characters have no place in HTML (13.2.3.5 of its standard), nor lone surrogates in UTF-8.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def escape(text: str) -> Markup:
    """Return `text` fit for element content and for quoted attributes."""
    return Markup(html.escape(FORBIDDEN.sub("�", text), quote=True))


def fragment(*children: Child) -> Markup:
    """Return the children one after another; None is nothing, iterables are flattened."""
    return Markup("".join(map(_markup, children)))


def element(tag: str, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """Return an element.

    Attribute names lose a trailing "_", other "_" become "-"; those that are None or False are left out.
    """
    words = [tag]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        words.append(name if value is True else f'{name}="{escape(_number(value))}"')
    if tag in VOID:
        return Markup(f"<{' '.join(words)}>")
    return Markup(f"<{' '.join(words)}>{fragment(*children)}</{tag}>")


def data_block(identifier: str, data: Any) -> Markup:
    """Return `data` as JSON in a script element that no browser runs and no string can close."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return element("script", Markup(text), type="application/json", id=identifier)


def _markup(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return escape(child)
    return fragment(*child)


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.5g}"
