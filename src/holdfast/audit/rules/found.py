"""How a rule says what it found: the finding of a place, with the chain that leads there."""

from __future__ import annotations

from holdfast.audit.finding import Confidence, Finding, Severity, Step
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.rule import Rule
from holdfast.audit.whole import Whole

__all__ = ["found", "sure"]


def found(
    rule: Rule,
    whole: Whole,
    where: FunctionKey | int,
    at: tuple[int, int],
    message: str,
    fix: str,
    *,
    severity: Severity = Severity.MEDIUM,
    confidence: Confidence | None = None,
    calls: str = "",
    chain: tuple[Step, ...] | None = None,
) -> Finding:
    """Return a finding of `rule` in the function, or at the top level of the module, `where`.

    `at` is a line and a column as the forms have them: the line counts from 1, the column from 0. Without
    `confidence` it is what `sure` says of the place; without `chain` it is the way from a root to the place,
    where `calls` is called.
    """
    line, column = at
    if chain is None:
        chain = whole.chain(where, line, calls) if isinstance(where, tuple) else ()
    return Finding(
        rule=rule.code,
        severity=severity,
        confidence=sure(whole, where) if confidence is None else confidence,
        file=whole.path(where[0] if isinstance(where, tuple) else where),
        line=line,
        column=column + 1,
        message=message,
        chain=chain,
        fix=fix,
    )


def sure(whole: Whole, where: FunctionKey | int) -> Confidence:
    """Return how sure it is that requests come there: a script that the service does not import is not it."""
    if isinstance(where, tuple) and whole.reach.entry(where) is not None:
        return Confidence.HIGH
    module = where[0] if isinstance(where, tuple) else where
    return Confidence.MEDIUM if module in whole.served else Confidence.LOW
