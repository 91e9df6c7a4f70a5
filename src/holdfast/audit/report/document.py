"""The audit as one JSON document, which every rendering follows and adds nothing to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from holdfast.audit.audit import Audited
from holdfast.audit.evidence.impact import UNKNOWN, impacts, predicted
from holdfast.audit.evidence.join import Joined
from holdfast.audit.evidence.proof import Proof
from holdfast.audit.finding import Finding, Severity, Step
from holdfast.audit.identity import identity
from holdfast.audit.proposal import Proposal
from holdfast.audit.report.frame import frame
from holdfast.audit.selection import Selection
from holdfast.audit.sources import Sources
from holdfast.version import __version__

__all__ = ["SCHEMA", "VERSION", "Asked", "document"]

SCHEMA = "holdfast.audit"
VERSION = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """What the audit was asked for: the severity from which it fails, the names of a baseline file and of a
    git revision, "" where there is none."""

    fail_on: Severity = Severity.HIGH
    baseline: str = ""
    since: str = ""


def document(
    audited: Audited,
    selection: Selection | None = None,
    joined: Joined | None = None,
    *,
    proposals: Mapping[Finding, Proposal] | None = None,
    asked: Asked | None = None,
    sources: Sources | None = None,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Return what was found, in the order of its weight: what evidence confirms first, by what it cost.

    `selection` is of `audited`, all of it where None; `joined` has a proof for each finding of the selection,
    `proposals` a change for those that one is known for.
    """
    chosen = selection if selection is not None else Selection(tuple(audited.findings))
    asked = asked if asked is not None else Asked()
    sources = sources if sources is not None else Sources(audited.root)
    findings = _ordered(_findings(chosen, joined, proposals or {}, sources))
    new = Counter(one["severity"] for one in findings if not one["known"])
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "holdfast": __version__,
        "written": (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "project": audited.root.resolve().name,
        "root": str(audited.root),
        "files": audited.files,
        "lines": audited.lines,
        "outcome": "fail" if chosen.fails(asked.fail_on) else "pass",
        "fail_on": asked.fail_on.word,
        "summary": {severity.word: new[severity.word] for severity in reversed(Severity)},
        "unsure": chosen.unsure,
        "baseline": _baseline(chosen, asked.baseline) if asked.baseline else None,
        "since": {"reference": asked.since, "untouched": chosen.untouched} if asked.since else None,
        "findings": findings,
        "evidence": _evidence(joined) if joined is not None else None,
        "unread": [
            {"file": file, "line": trouble.line, "message": trouble.message}
            for file, troubles in sorted(audited.unread.items())
            for trouble in troubles
        ],
    }


def _findings(
    chosen: Selection, joined: Joined | None, proposals: Mapping[Finding, Proposal], sources: Sources
) -> list[dict[str, Any]]:
    proofs: Sequence[Proof | None] = joined.proofs if joined is not None else [None] * len(chosen.findings)
    costs = impacts(chosen.findings, joined.proofs) if joined is not None else [UNKNOWN] * len(proofs)
    return [
        {
            **_finding(one, sources),
            "known": one in chosen.known,
            "impact": cost,
            "evidence": _proof(proof) if proof is not None else None,
            "diff": asdict(proposals[one]) if one in proposals else None,
        }
        for one, proof, cost in zip(chosen.findings, proofs, costs, strict=True)
    ]


def _finding(one: Finding, sources: Sources) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "severity": one.severity.word,
        "confidence": one.confidence.word,
        "file": one.file,
        "line": one.line,
        "column": one.column,
        "function": one.function,
        "entry": one.entry,
        "sink": one.sink,
        "message": one.message,
        "frame": frame(sources, one.file, one.line),
        "chain": [_step(step, sources) for step in one.chain],
        "fix": one.fix,
        "fingerprint": identity(one, sources).fingerprint,
    }


def _proof(proof: Proof) -> dict[str, Any]:
    """Return what the evidence says; what a fix saves stands with the impact."""
    return {name: value for name, value in asdict(proof).items() if name not in ("saving", "p99")}


def _step(step: Step, sources: Sources) -> dict[str, Any]:
    return {**asdict(step), "code": sources.line(step.file, step.line).strip()[:160]}


def _ordered(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is measured comes first, the costliest before; the rest stays in its order."""
    return sorted(
        findings,
        key=lambda one: (
            one["known"],
            one["impact"]["label"] != "measured",
            -(one["impact"].get("seconds") or 0.0),
        ),
    )


def _baseline(chosen: Selection, file: str) -> dict[str, Any]:
    gone = [{**asdict(one), "count": count} for one, count in chosen.gone.items()]
    return {"file": file, "known": len(chosen.known), "gone": gone}


def _evidence(joined: Joined) -> dict[str, Any]:
    return {
        "sources": [asdict(source) for source in joined.sources],
        "p99": predicted(joined.p99),
        "unexplained": [
            {
                **asdict(stall.place),
                "route": stall.route,
                "sink": stall.sink,
                "cause": stall.cause,
                "stalls": stall.count,
                "seconds": stall.total,
                "longest": stall.longest,
                "victims": stall.victims,
                "source": stall.source,
                "proposal": proposed,
            }
            for stall, proposed in zip(joined.unexplained, joined.proposals, strict=True)
        ],
    }
