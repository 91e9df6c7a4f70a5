"""The audit as SARIF 2.1.0, for code scanning. Source: OASIS, Static Analysis Results Interchange Format."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from holdfast.audit.report.advice import advice
from holdfast.audit.report.evidence import evidence
from holdfast.audit.report.language import language
from holdfast.audit.rules.catalogue import RULES
from holdfast.audit.rules.rule import Rule

__all__ = ["sarif"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"high": "error", "medium": "warning", "low": "note"}


def sarif(document: Mapping[str, Any], rules: Iterable[Rule] = RULES) -> dict[str, Any]:
    """Return the document of an audit as a SARIF log with one run; the help of each rule is in it."""
    ordered = list(rules)
    places = {rule.code: number for number, rule in enumerate(ordered)}
    driver = {
        "name": "holdfast",
        "semanticVersion": document["holdfast"],
        "rules": [_rule(rule) for rule in ordered],
    }
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": _results(document, places),
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "endTimeUtc": document["written"],
                        "toolExecutionNotifications": [_unread(one) for one in document["unread"]],
                    }
                ],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    fence = f"```{language(rule.file)}"
    text = f"{rule.why}\n\nTrade-off: {advice(rule.code).trade_off}\n\nLimits: {rule.limits}"
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": text,
            "markdown": f"{text}\n\nBad:\n{fence}{rule.bad}```\n\nGood:\n{fence}{rule.good}```\n",
        },
    }


def _results(document: Mapping[str, Any], places: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the results; of those with one fingerprint the second is told apart as such, and so on."""
    counted: dict[str, int] = {}
    results = []
    for one in document["findings"]:
        count = counted[one["fingerprint"]] = counted.get(one["fingerprint"], 0) + 1
        results.append(_result(one, places, f"{one['fingerprint']}:{count}"))
        if document["baseline"] is not None:
            results[-1]["baselineState"] = "unchanged" if one["known"] else "new"
    return results


def _result(one: Mapping[str, Any], places: Mapping[str, int], fingerprint: str) -> dict[str, Any]:
    says = f" ({measured})" if (measured := evidence(one)) else ""
    result: dict[str, Any] = {
        "ruleId": one["rule"],
        "level": _LEVELS[one["severity"]],
        "message": {"text": f"{one['message']}. {one['fix']}{says}"},
        "locations": [{"physicalLocation": _place(one["file"], one["line"], one["column"], one["frame"])}],
        "partialFingerprints": {"holdfast/v2": fingerprint},
        "properties": {"confidence": one["confidence"], "impact": one["impact"]},
    }
    if one["rule"] in places:
        result["ruleIndex"] = places[one["rule"]]
    if one["function"]:
        name = {"fullyQualifiedName": one["function"], "kind": "function"}
        result["locations"][0]["logicalLocations"] = [name]
    if len(one["chain"]) > 1:
        steps = [_step(step) for step in one["chain"]]
        if one["entry"]:
            steps[0]["message"] = {"text": f"{one['entry']} enters {one['chain'][0]['function']}"}
        result["codeFlows"] = [{"threadFlows": [{"locations": [{"location": step} for step in steps]}]}]
        result["relatedLocations"] = [{"id": number, **step} for number, step in enumerate(steps, 1)]
    return result


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    says = f"{step['function']} calls {step['calls']}" if step["calls"] else step["function"]
    return {"physicalLocation": _place(step["file"], step["line"]), "message": {"text": says}}


def _place(
    file: str, line: int, column: int | None = None, frame: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": max(line, 1)}
    if column:
        region["startColumn"] = column
    place = {"artifactLocation": {"uri": quote(os.fsencode(file))}, "region": region}
    if frame is not None:
        context = {"startLine": frame["first"], "endLine": frame["first"] + len(frame["lines"]) - 1}
        place["contextRegion"] = {**context, "snippet": {"text": "\n".join(frame["lines"])}}
    return place


def _unread(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "level": "warning",
        "message": {"text": one["message"]},
        "locations": [{"physicalLocation": _place(one["file"], one["line"])}],
    }
