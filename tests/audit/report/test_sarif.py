from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from holdfast.audit import audit
from holdfast.audit.report.document import Asked, document
from holdfast.audit.report.sarif import sarif
from holdfast.audit.rules.catalogue import RULES
from holdfast.audit.selection import Selection
from tests.audit.report.conftest import SOURCE

SCHEMA = json.loads(Path(__file__).with_name("sarif.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("which", ["found", "measured"])
def test_it_is_valid(which: str, request: pytest.FixtureRequest) -> None:
    jsonschema.validate(json.loads(json.dumps(sarif(request.getfixturevalue(which)))), SCHEMA)


def test_it_has_the_place_the_chain_and_the_rule(found: dict[str, Any]) -> None:
    [run] = sarif(found)["runs"]
    [result] = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "HF101"
    location = result["locations"][0]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "a%20file.py"}
    assert location["physicalLocation"]["region"] == {"startLine": 12, "startColumn": 5}
    assert location["physicalLocation"]["contextRegion"]["startLine"] == 10
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "slow"
    flow = [step["location"] for step in result["codeFlows"][0]["threadFlows"][0]["locations"]]
    assert [step["physicalLocation"]["region"]["startLine"] for step in flow] == [11, 12, 8]
    assert [step["message"]["text"] for step in result["relatedLocations"]] == [
        "GET /slow enters slow",
        "slow calls wait()",
        "wait calls time.sleep",
    ]
    [notification] = run["invocations"][0]["toolExecutionNotifications"]
    assert "not valid in Python" in notification["message"]["text"]


def test_it_knows_every_rule_with_its_help(found: dict[str, Any]) -> None:
    [run] = sarif(found)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in RULES]
    assert all(rule.good in shown["help"]["markdown"] for rule, shown in zip(RULES, rules, strict=True))


def fingerprints(folder: Path, source: str) -> list[str]:
    (folder / "main.py").write_text(source)
    results = sarif(document(audit(folder)))["runs"][0]["results"]
    return [result["partialFingerprints"]["holdfast/v2"] for result in results]


def test_a_fingerprint_outlives_lines_that_move(tmp_path: Path) -> None:
    before = fingerprints(tmp_path, SOURCE)
    assert fingerprints(tmp_path, "\n\n" + SOURCE) == before
    assert fingerprints(tmp_path, SOURCE.replace("slow", "other")) != before


def test_two_of_the_same_are_told_apart(tmp_path: Path) -> None:
    one, other = fingerprints(tmp_path, SOURCE.replace("    wait()  #", "    wait()\n    wait()  #"))
    assert one.removesuffix(":1") == other.removesuffix(":2")


def test_with_a_baseline_it_says_what_is_new(root: Path) -> None:
    result = audit(root)
    known = Selection(tuple(result.findings), frozenset(result.findings))
    told = sarif(document(result, known, asked=Asked(baseline="known.json")))
    jsonschema.validate(json.loads(json.dumps(told)), SCHEMA)
    assert [one["baselineState"] for one in told["runs"][0]["results"]] == ["unchanged"]
