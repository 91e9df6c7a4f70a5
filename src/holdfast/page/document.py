"""The document around the sections of a page: head, style, and the script with its data where there is one.

The policy in the head lets the page load nothing and run only our script, named by its hash: a second
wall behind the escaping.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from holdfast.page.markup import Child, Markup, data_block, element, fragment

__all__ = ["navigation", "page", "section"]


def page(
    title: str, body: Child, *, style: str = "", script: str = "", data: Any = None, wide: bool = False
) -> str:
    """Return the page. `style` is added to the one that all pages share; `script` finds `data` as JSON in
    the element "data". Without script nothing may be lost."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", Markup(_shared_style() + style)),
    )
    main = element("main", body, class_="wide" if wide else None)
    scripts = fragment(data_block("data", data), element("script", Markup(script))) if script else None
    return f"<!doctype html>\n{element('html', head, element('body', main, scripts), lang='en')}\n"


def section(identifier: str, title: str, *content: Child, lead: Child = None) -> Markup:
    """Return a section with its heading and one line that says what it shows."""
    heading = element("h2", element("a", title, href=f"#{identifier}"))
    return element(
        "section", heading, element("p", lead, class_="lead") if lead else None, *content, id=identifier
    )


def navigation(sections: Sequence[tuple[str, str]]) -> Markup:
    """Return links to the sections, (id, title) each."""
    links = [element("a", title, href=f"#{identifier}") for identifier, title in sections]
    return element("nav", links, aria_label="Sections")


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    runs = f"'sha256-{digest}'" if script else "'none'"
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src {runs}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _shared_style() -> str:
    return files("holdfast.page").joinpath("style.css").read_text(encoding="utf-8")
