"""The document around the sections: head, style, the data for hovering, and the script.

The policy in the head lets the page load nothing and run only our script, named by its hash: a second
wall behind the escaping.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Any

from holdfast.gate.report.html.markup import Child, Markup, data_block, element, fragment

__all__ = ["page", "section"]


def page(title: str, body: Child, data: Any, *, wide: bool = False) -> str:
    """Return the page. `data` is what the script shows under the pointer; without script nothing is lost."""
    style, script = _own("style.css"), _own("script.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", Markup(style)),
    )
    main = element("main", body, class_="wide" if wide else None)
    scripts = fragment(data_block("data", data), element("script", Markup(script)))
    return f"<!doctype html>\n{element('html', head, element('body', main, scripts), lang='en')}\n"


def section(identifier: str, title: str, *content: Child, lead: Child = None) -> Markup:
    """Return a section with its heading and one line that says what it shows."""
    heading = element("h2", element("a", title, href=f"#{identifier}"))
    return element(
        "section", heading, element("p", lead, class_="lead") if lead else None, *content, id=identifier
    )


def _own(name: str) -> str:
    return files("holdfast.gate.report.html").joinpath(name).read_text(encoding="utf-8")
