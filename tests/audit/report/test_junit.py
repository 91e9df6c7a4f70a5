from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from holdfast.audit import Severity, audit
from holdfast.audit.report.document import Asked, document
from holdfast.audit.report.junit import junit

SUITE = {"name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "skipped", "time"}
"""Attributes that Ant's schema demands of a suite among others, and `skipped`."""


def suite(told: dict[str, Any]) -> ET.Element:
    [found] = ET.fromstring(junit(told))
    assert set(found.attrib) == SUITE
    cases = found.findall("testcase")
    assert [child.tag for child in found] == [
        "properties",
        *("testcase" for _ in cases),
        "system-out",
        "system-err",
    ]
    assert found.get("tests") == str(len(cases))
    assert found.get("failures") == str(len(found.findall("testcase/failure")))
    assert found.get("skipped") == str(len(found.findall("testcase/skipped")))
    assert all(set(case.attrib) == {"name", "classname", "time"} and len(case) <= 1 for case in cases)
    return found


def test_a_finding_is_a_test_that_failed(found: dict[str, Any]) -> None:
    told = suite(found)
    assert told.get("timestamp") == "2026-11-20T12:00:00"
    [case] = told.findall("testcase")
    assert (case.get("classname"), case.get("name")) == ("a file", "HF101 a file.py:12")
    [failure] = case
    assert failure.get("type") == "HF101"
    assert "a file.py:8 in wait" in (failure.text or "")
    assert "old.py:1" in (told.findtext("system-out") or "")


def test_below_the_threshold_it_is_skipped(root: Path) -> None:
    (root / "a file.py").write_text(
        "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/')\nasync def f():\n    open('x')\n"
    )
    result = audit(root)
    assert [case[0].tag for case in suite(document(result)).findall("testcase")] == ["skipped"]
    stricter = document(result, asked=Asked(fail_on=Severity.MEDIUM))
    assert [case[0].tag for case in suite(stricter).findall("testcase")] == ["failure"]


def test_nothing_found_is_a_test_that_passed(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("")
    [case] = suite(document(audit(tmp_path))).findall("testcase")
    assert len(case) == 0


def test_what_xml_has_no_place_for_is_replaced(found: dict[str, Any]) -> None:
    found["findings"][0]["message"] = "a\x00b\ud800c"
    [failure] = suite(found).findall("testcase/failure")
    assert failure.get("message") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
