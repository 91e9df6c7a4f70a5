"""Which of the findings count today: sure enough, touched by what changed, and not known already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.audit import baseline, since
from holdfast.audit.audit import Audited
from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.identity import Identity
from holdfast.audit.sources import Sources

__all__ = ["Selection", "select"]


@dataclass(frozen=True, slots=True)
class Selection:
    """`findings` are shown; those in `known` stand in the baseline and do not fail.

    `unsure`: how many were left out for their confidence. `untouched`: how many because nothing of them
    changed. `gone`: how many of each identity the baseline has, and the code no longer.
    """

    findings: tuple[Finding, ...]
    known: frozenset[Finding] = frozenset()
    unsure: int = 0
    untouched: int = 0
    gone: Mapping[Identity, int] = field(default_factory=dict)

    def fails(self, threshold: Severity) -> bool:
        """Whether one that is new is as severe as `threshold` or more."""
        return any(one.severity >= threshold for one in self.findings if one not in self.known)


def select(
    audited: Audited,
    sources: Sources,
    *,
    confidence: Confidence = Confidence.MEDIUM,
    known: Path | None = None,
    reference: str | None = None,
) -> Selection:
    """Return what counts of `audited`: from `confidence` on, held against the baseline file `known`, and
    only what was touched since the git revision `reference`.

    Raises `UsageError` for a file that is no baseline, and without that revision.
    """
    sure = [one for one in audited.findings if one.confidence >= confidence]
    compared = baseline.Compared(frozenset(), {})
    if known is not None:
        # Against all: what is only less sure today is not gone.
        compared = baseline.compare(audited.findings, baseline.read(known), sources)
    shown = sure
    if reference is not None:
        lines = since.changed(audited.root, reference)
        shown = [one for one in sure if since.touches(one, lines)]
    return Selection(
        tuple(shown),
        compared.known & frozenset(shown),
        len(audited.findings) - len(sure),
        len(sure) - len(shown),
        compared.gone,
    )
