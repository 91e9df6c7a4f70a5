"""The audit as annotations of a GitHub workflow: lines that its runner shows at the code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.audit.report.evidence import evidence

__all__ = ["commands"]

_LEVELS = {"high": "error", "medium": "warning", "low": "notice"}


def commands(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a workflow command for each new finding of an audit's document, and each file not read whole."""
    for one in document["findings"]:
        if one["known"]:
            continue
        properties = f"file={_property(one['file'])},line={one['line']},col={one['column']}"
        title = _property(f"{one['rule']} ({one['confidence']} confidence)")
        steps = [f"{step['file']}:{step['line']} in {step['function']}" for step in one["chain"]]
        said = [f"{one['message']}. {one['fix']}", *(steps if len(steps) > 1 else ())]
        if says := evidence(one):
            said.append(says)
        yield f"::{_LEVELS[one['severity']]} {properties},title={title}::{_data(chr(10).join(said))}"
    for one in document["unread"]:
        place = f"file={_property(one['file'])},line={max(one['line'], 1)}"
        yield f"::warning {place},title=not read::{_data(one['message'])}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
