"""How a rule about settings says what it found: there is no chain of calls, only a line of a file."""

from __future__ import annotations

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.rules.rule import Rule

__all__ = ["stated"]


def stated(
    rule: Rule,
    place: tuple[str, int],
    message: str,
    fix: str,
    *,
    severity: Severity = Severity.MEDIUM,
    confidence: Confidence = Confidence.HIGH,
) -> Finding:
    """Return a finding of `rule` in a line of a file; one that was not found in it counts as its first."""
    file, line = place
    return Finding(
        rule=rule.code,
        severity=severity,
        confidence=confidence,
        file=file,
        line=max(line, 1),
        column=1,
        message=message,
        fix=fix,
    )
