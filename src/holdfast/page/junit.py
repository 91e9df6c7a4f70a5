"""JUnit XML, which servers that run tests show.

The form is the one that Ant's schema (JUnit.xsd) and Jenkins' (junit-10.xsd) both accept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

__all__ = ["Case", "suite"]

_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (2.2) has no place for."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test. `group`: servers group by its dots. `kind`, `message` and `detail` are of one that failed."""

    group: str
    name: str
    outcome: Literal["passed", "failed", "skipped"] = "passed"
    kind: str = ""
    message: str = ""
    detail: str = ""


def suite(
    name: str,
    cases: Sequence[Case],
    *,
    written: str,
    seconds: float = 0.0,
    properties: Mapping[str, str] | None = None,
    output: str = "",
) -> str:
    """Return a document of one suite, complete with its XML declaration. `written`: an ISO time in UTC."""
    suites = ET.Element("testsuites")
    count = {outcome: sum(case.outcome == outcome for case in cases) for outcome in ("failed", "skipped")}
    about = {
        "name": name,
        "package": "holdfast",
        "id": "0",
        "timestamp": written.removesuffix("Z").removesuffix("+00:00"),
        "hostname": "localhost",
        "tests": str(len(cases)),
        "failures": str(count["failed"]),
        "errors": "0",
        "skipped": str(count["skipped"]),
        "time": f"{seconds:g}",
    }
    whole = ET.SubElement(suites, "testsuite", about)
    listed = ET.SubElement(whole, "properties")
    for key, value in (properties or {}).items():
        ET.SubElement(listed, "property", {"name": key, "value": _legal(value)})
    for case in cases:
        _case(whole, case)
    ET.SubElement(whole, "system-out").text = _legal(output)
    ET.SubElement(whole, "system-err")
    ET.indent(suites, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _case(whole: ET.Element, case: Case) -> None:
    about = {"classname": _legal(case.group), "name": _legal(case.name), "time": "0"}
    one = ET.SubElement(whole, "testcase", about)
    if case.outcome == "skipped":
        ET.SubElement(one, "skipped")
    elif case.outcome == "failed":
        failure = ET.SubElement(one, "failure", {"type": case.kind, "message": _legal(case.message)})
        failure.text = _legal(case.detail)


def _legal(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
