"""The audit as JUnit XML, for servers that show tests: each finding is a test that failed.

The form is the one that Ant's schema (JUnit.xsd) and Jenkins' (junit-10.xsd) both accept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from holdfast.audit.report.evidence import evidence

__all__ = ["junit"]

_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (2.2) has no place for."""

_ORDER = ("low", "medium", "high")


def junit(document: Mapping[str, Any]) -> str:
    """Return a document of one suite. A finding below the threshold, or known, is a test that was skipped;
    where nothing was found one test passed."""
    threshold = _ORDER.index(document["fail_on"])
    findings = document["findings"]
    fails = [not one["known"] and _ORDER.index(one["severity"]) >= threshold for one in findings]
    suites = ET.Element("testsuites")
    suite = ET.SubElement(
        suites,
        "testsuite",
        {
            "name": "holdfast audit",
            "package": "holdfast",
            "id": "0",
            "timestamp": document["written"].removesuffix("Z"),
            "hostname": "localhost",
            "tests": str(max(len(findings), 1)),
            "failures": str(sum(fails)),
            "errors": "0",
            "skipped": str(len(fails) - sum(fails)),
            "time": "0",
        },
    )
    properties = ET.SubElement(suite, "properties")
    for name in ("root", "files", "lines", "fail_on"):
        ET.SubElement(properties, "property", {"name": name, "value": _legal(str(document[name]))})
    for one, failed in zip(findings, fails, strict=True):
        _case(suite, one, failed=failed)
    if not findings:
        ET.SubElement(suite, "testcase", {"classname": "holdfast.audit", "name": "audit", "time": "0"})
    unread = [f"{one['file']}:{one['line']}: {one['message']}" for one in document["unread"]]
    ET.SubElement(suite, "system-out").text = _legal("\n".join(unread))
    ET.SubElement(suite, "system-err")
    ET.indent(suites, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode")


def _case(suite: ET.Element, one: Mapping[str, Any], *, failed: bool) -> None:
    name = f"{one['rule']} {one['file']}:{one['line']}"
    case = ET.SubElement(
        suite, "testcase", {"classname": _legal(_class(one)), "name": _legal(name), "time": "0"}
    )
    if not failed:
        ET.SubElement(case, "skipped")
        return
    about = {"type": one["rule"], "message": _legal(one["message"])}
    steps = [f"{step['file']}:{step['line']} in {step['function']}" for step in one["chain"]]
    ET.SubElement(case, "failure", about).text = _legal(
        "\n".join(filter(None, [*steps, evidence(one), one["fix"]]))
    )


def _class(one: Mapping[str, Any]) -> str:
    """Return the module, as servers group by the dots of this name."""
    return str(one["file"]).removesuffix(".py").replace("/", ".")


def _legal(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
