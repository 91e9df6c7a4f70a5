"""Whether the traffic is the service's: a route that never answers well was not tested, it was missed.

A body that the service no longer accepts (422) or a path that it no longer has (404) is answered fast, and
[sli] leaves it out: without this rule such a route would pass for having no bad answers.
"""

from __future__ import annotations

import numpy as np

from holdfast.gate.measure import outcomes
from holdfast.gate.result import Judgement
from holdfast.gate.verdict.evidence import Evidence, Judged

__all__ = ["judge"]


def judge(evidence: Evidence) -> Judged:
    """Judge the gate's own rule `gate.traffic`: each route driven has a good answer when nothing is wrong."""
    run = evidence.run
    for phase in evidence.of("steady"):
        inside = run.between(phase.start, phase.end)
        silent = []
        for position, route in enumerate(run.routes):
            reached = inside & (run.route == position)
            if np.any(reached) and not np.any(reached & run.acceptable):
                ends = outcomes.counts(run.codes[reached])
                silent.append(f"{route}: " + ", ".join(f"{n} x {name}" for name, n in ends.items()))
        yield Judgement(
            id="gate.traffic",
            title="every route of the traffic answers",
            phase=phase.name,
            required=0,
            measured=len(silent),
            unit="count",
            better="lower",
            outcome="cannot tell" if silent else "pass",
            why="; ".join(silent) or f"{len(run.routes)} routes",
            place="",
            source="",
        )
