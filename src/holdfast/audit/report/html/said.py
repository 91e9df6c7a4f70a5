"""Sentences with `code` in them."""

from __future__ import annotations

import re

from holdfast.page.markup import Markup, element, fragment

__all__ = ["said"]


def said(words: str) -> Markup:
    """Return a sentence, what stands in backticks as code."""
    pieces = re.split(r"`([^`]+)`", words)
    return fragment(*(element("code", each) if odd % 2 else each for odd, each in enumerate(pieces)))
