"""The figures of windows, from what the drivers recorded and the CPU clocks said."""

from __future__ import annotations

import numpy as np

from holdfast.gate.measure import Run
from holdfast.gate.measure.outcomes import counts, left_out
from holdfast.gate.regression.result import Window
from holdfast.gate.regression.windows import PAUSE, Round

__all__ = ["windows_of"]


def windows_of(
    name: str, build: int, before: int, planned: Round, run: Run, cpu: list[float | None]
) -> list[Window]:
    """Return the windows of a build in a round, by pair.

    `before`: pairs of earlier rounds; `cpu[s]`: CPU seconds of the build when slot s began, one more at the
    end.
    """
    found = []
    for pair in range(len(planned.first)):
        slot = planned.slot(pair, build)
        start = slot * (planned.window + PAUSE)
        sent = run.between(start, start + planned.window + PAUSE)
        good = sent & run.acceptable
        bad = sent & ~run.acceptable & ~left_out(run.codes, run.sli)
        begin, end = cpu[slot], cpu[slot + 1]
        used = end - begin if begin is not None and end is not None else None
        served = int(np.count_nonzero(good))
        p50, p99 = (float(q) for q in np.quantile(run.latency[good], (0.5, 0.99))) if served else (None, None)
        found.append(
            Window(
                pair=before + pair,
                build=name,
                first=planned.first[pair] == build,
                requests=int(np.count_nonzero(sent)),
                cpu=used / served if used is not None and served else None,
                p50=p50,
                p99=p99,
                bad=counts(run.codes[bad]),
            )
        )
    return found
