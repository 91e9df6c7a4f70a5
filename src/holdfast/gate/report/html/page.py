"""The gate's pages: the document that all pages share, with the style and the script of the charts."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from holdfast.page import document
from holdfast.page.markup import Child

__all__ = ["page"]


def page(title: str, body: Child, data: Any, *, wide: bool = False) -> str:
    """Return the page. `data` is what the script shows under the pointer; without script nothing is lost."""
    return document.page(title, body, style=_own("style.css"), script=_own("script.js"), data=data, wide=wide)


def _own(name: str) -> str:
    return files("holdfast.gate.report.html").joinpath(name).read_text(encoding="utf-8")
