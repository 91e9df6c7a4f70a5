"""Whether the machine was quiet enough to believe a latency."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from holdfast.gate.drive.records import Records
from holdfast.gate.result import Noise

__all__ = ["STEAL_LIMIT", "CpuTimes", "judge", "lag_limit"]

STEAL_LIMIT = 0.10
"""Share of CPU time taken by other guests of the host above which no latency is believed: beyond it the
service does not have the core that the scale statement says it has."""


def lag_limit(bound: float | None) -> float:
    """Return the p99 of the driver's own lateness in seconds beyond which a latency is not believed.

    A tenth of the tightest latency objective: the driver's share of the error stays below what matters.
    """
    return max(0.002, 0.1 * bound) if bound is not None else 0.05


class CpuTimes:
    """CPU seconds of the whole machine so far, read from /proc/stat where there is one."""

    def __init__(self) -> None:
        self._before = _read()

    def steal(self) -> float:
        """Return the share of CPU time stolen by the host since construction; 0 where it is not told."""
        total, stolen = _read()
        before_total, before_stolen = self._before
        elapsed = total - before_total
        return (stolen - before_stolen) / elapsed if elapsed > 0 else 0.0


def _read() -> tuple[float, float]:
    try:
        fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
    except OSError:
        return 0.0, 0.0
    ticks = [float(field) for field in fields]
    return sum(ticks), ticks[7] if len(ticks) > 7 else 0.0


def judge(
    records: Records,
    calm: npt.NDArray[np.bool_],
    *,
    steal: float,
    bound: float | None,
    starved: float = 0.0,
    shared: bool = False,
) -> Noise:
    """Judge the run's noise; `bound` is the tightest latency objective in seconds.

    `starved` is told and not judged: the service's own processes share its cores. `shared`: whether the
    driver shares them too.

    `calm`: which requests belong to the steady phase. Elsewhere the driver may run out of connections
    because the service holds them all, which is the service's doing and no noise.
    """
    sent = calm & (records.sent >= 0)
    lag = (records.sent - records.at)[sent] / 1e9
    p50, p99 = (float(q) for q in np.quantile(lag, (0.5, 0.99))) if len(lag) else (0.0, 0.0)
    limit = lag_limit(bound)
    problems = []
    if p99 > limit:
        problems.append(f"the driver sent 1% of the requests more than {p99 * 1e3:.1f} ms late")
    if steal > STEAL_LIMIT:
        problems.append(f"the host took {steal:.0%} of the CPU for other guests")
    if shared:
        problems.append("the driver and the service share the only core")
    return Noise(p50, p99, steal, not problems, "; ".join(problems), starved)
