"""The audit as JUnit XML, for servers that show tests: each finding is a test that failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.audit.report.evidence import evidence
from holdfast.page.junit import Case, suite

__all__ = ["junit"]

_ORDER = ("low", "medium", "high")


def junit(document: Mapping[str, Any]) -> str:
    """Return a document of one suite. A finding below the threshold, or known, is a test that was skipped;
    where nothing was found one test passed."""
    threshold = _ORDER.index(document["fail_on"])
    cases = [
        _case(one, failed=not one["known"] and _ORDER.index(one["severity"]) >= threshold)
        for one in document["findings"]
    ]
    unread = [f"{one['file']}:{one['line']}: {one['message']}" for one in document["unread"]]
    return suite(
        "holdfast audit",
        cases or [Case("holdfast.audit", "audit")],
        written=document["written"],
        properties={name: str(document[name]) for name in ("root", "files", "lines", "fail_on")},
        output="\n".join(unread),
    )


def _case(one: Mapping[str, Any], *, failed: bool) -> Case:
    name = f"{one['rule']} {one['file']}:{one['line']}"
    if not failed:
        return Case(_group(one), name, "skipped")
    steps = [f"{step['file']}:{step['line']} in {step['function']}" for step in one["chain"]]
    detail = "\n".join(filter(None, [*steps, evidence(one), one["fix"]]))
    return Case(_group(one), name, "failed", one["rule"], one["message"], detail)


def _group(one: Mapping[str, Any]) -> str:
    """Return the module, as servers group by the dots of this name."""
    return str(one["file"]).removesuffix(".py").replace("/", ".")
