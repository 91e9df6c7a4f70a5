"""What the evidence says about a finding of the document, and what it lets expect, a line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.audit.words import milliseconds

__all__ = ["evidence", "expected", "saves"]


def evidence(finding: Mapping[str, Any]) -> str:
    """Return as "confirmed: 3 stalls, ..."; "" where there is no evidence, or it says nothing."""
    proof = finding["evidence"]
    return f"{proof['status']}: {proof['says']}" if proof is not None and proof["status"] != "unknown" else ""


def saves(impact: Mapping[str, Any]) -> str:
    """Return what a fix saves, of the impact of a finding; "" where nothing was measured."""
    saving = impact.get("saving")
    if saving is None:
        return ""
    p99 = impact["p99"]
    return f"{saving['how']}; {expected(p99)}" if p99["label"] == "modelled" else str(saving["how"])


def expected(p99: Mapping[str, Any]) -> str:
    """Return a prediction as "the p99 of steady, 637 ms, should fall to 112 ms (modelled: ...)"."""
    most = "at most " if p99["at_most"] else ""
    before, after = milliseconds(p99["measured"]), milliseconds(p99["predicted"])
    return f"the p99 of {p99['phase']}, {before}, should fall to {most}{after} (modelled: {p99['how']})"
