"""Each finding once: what hurts, at the place of the loop that it hurts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from holdfast.audit.finding import Finding

__all__ = ["unique"]


def unique(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the first of those with the same rule, place and sink: a place that several routes lead to, or
    that several ways of one rule find, is one thing to mend. `findings` has the weightiest first."""
    seen: set[tuple[str, str, int, str]] = set()
    for finding in findings:
        key = (finding.rule, finding.file, finding.line, finding.sink)
        if key not in seen:
            seen.add(key)
            yield finding
