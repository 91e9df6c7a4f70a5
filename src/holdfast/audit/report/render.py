"""The forms that an audit's document is told in, each imported when it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

__all__ = ["Form", "rendered"]


class Form(StrEnum):
    """How findings are told."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
    SARIF = "sarif"
    GITHUB = "github"
    JUNIT = "junit"


def rendered(document: Mapping[str, Any], form: Form) -> Iterator[str]:
    """Yield `document` in `form`, line by line or all at once."""
    match form:
        case Form.TEXT:
            from holdfast.audit.report.text import lines

            yield from lines(document)
        case Form.JSON:
            yield json.dumps(document, indent=1)
        case Form.MARKDOWN:
            from holdfast.audit.report.markdown import markdown

            yield from markdown(document)
        case Form.HTML:
            from holdfast.audit.report.html import html

            yield html(document)
        case Form.SARIF:
            from holdfast.audit.report.sarif import sarif

            yield json.dumps(sarif(document), indent=1)
        case Form.GITHUB:
            from holdfast.audit.report.github import commands

            yield from commands(document)
        case Form.JUNIT:
            from holdfast.audit.report.junit import junit

            yield junit(document)
