"""What there is to judge by, and the form in which a judgement is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from holdfast.budget import Loaded
from holdfast.gate.measure.run import Run
from holdfast.gate.result import Calls, Judgement, Noise, Phase, Recovery

__all__ = ["Evidence", "Judged"]

Judged = Iterator[Judgement]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The budget and what was measured; `share` is the part of the budget's peak that was driven.

    `breaks`: whether dependencies were to be broken; in a replay they are not.
    """

    loaded: Loaded
    run: Run
    phases: Sequence[Phase]
    recoveries: Sequence[Recovery]
    dependencies: Sequence[Calls]
    noise: Noise
    share: float
    breaks: bool = True

    def of(self, kind: str) -> list[Phase]:
        """Return the phases of one kind."""
        return [phase for phase in self.phases if phase.kind == kind]

    def believed(self, judgement: Judgement) -> Judgement:
        """Return `judgement`, a miss being no miss where the machine did not allow to measure times."""
        if judgement.outcome != "fail" or self.noise.quiet:
            return judgement
        return replace(judgement, outcome="cannot tell", why=f"{judgement.why}, but {self.noise.why}")

    def entered(self, judgement: Judgement) -> Judgement:
        """Return `judgement` with the place and source of its number; missing and deferred ones are not
        judged, whatever was measured."""
        provenance = self.loaded.provenance(judgement.id)
        if provenance.kind == "deferred":
            return replace(judgement, outcome="not judged", why=f"deferred: {provenance.detail}")
        if judgement.id.startswith("gate.") or judgement.outcome == "not judged":
            return judgement
        if judgement.required is None or provenance.kind == "missing":
            why = (
                "not decided yet" if judgement.required is None else "written, but decided nowhere: no source"
            )
            why += "; `holdfast plan --adr docs/adr` raises the question"
            return replace(judgement, outcome="missing", why=why)
        source = provenance.detail if provenance.kind == "source" else ""
        return replace(judgement, place=self.loaded.place(judgement.id), source=source)
