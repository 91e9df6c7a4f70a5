"""A whole gate on the tiny service, judged by what it wrote."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.gate.report.document import load
from holdfast.gate.result import GateResult, Judgement, Phase
from tests.cli.gated import Ended, Folder


@dataclass(frozen=True)
class Gated:
    """A gate that has ended, and what it left."""

    ended: Ended
    result: GateResult
    page: str
    left: list[int]
    scratch: list[str]

    def judged(self, path: str) -> list[Judgement]:
        return [judgement for judgement in self.result.judgements if judgement.id == path]

    def phase(self, name: str) -> Phase:
        return next(phase for phase in self.result.phases if phase.name == name)


def gated(made: Folder, *words: str) -> Gated:
    process = made.start("gate", *words)
    code = process.wait(200)
    left, report = made.left(), made.path / "holdfast-report"
    assert code in (0, 1, 3, 5), made.stderr
    return Gated(
        Ended(code, made.stdout, made.stderr),
        load(report / "gate.json"),
        (report / "gate.html").read_text(encoding="utf-8"),
        left,
        made.scratch(),
    )
