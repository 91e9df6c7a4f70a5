"""The default scenario: nobody has to write one.

Steady load at the peak, then each disturbance that the budget speaks of - every dependency failing, then
slow, then more load than promised - each followed by the same steady load, because a service that
survives a disturbance and does not come back from it has not survived it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

from holdfast.budget import Budget
from holdfast.gate.fault.framer import framer_of
from holdfast.gate.fault.kinds import Error, Fault, Refuse, Reset, Script, Slow, flap
from holdfast.gate.measure.recovery import WINDOW
from holdfast.gate.scenario import steady
from holdfast.gate.scenario.phase import PlannedPhase

__all__ = ["FAULTS", "OVERLOAD", "WARM_UP", "derive"]

FAULTS = ("reset", "error", "refuse", "slow", "flap")
"""What happens to each dependency: it breaks its connections, answers with errors, is dead, is slow, and is
dead and alive by turns.
"""

OVERLOAD = 5.0
"""Times the peak that the overload phase offers. A retry storm or a lost cache brings several times the
usual load; a service without admission control collapses well below it (benchmarks/demo.py)."""

_FLAP = 1.0
"""Seconds down, and as many up: shorter than a breaker stays open, so that it has to close and open again."""

WARM_UP = 4.0
"""Seconds at half the rate before anything is judged: caches fill, pools open."""

_DISTURBED = 6.0
_RECOVERY_LEAST = 6.0


def derive(
    budget: Budget, rate: float, proxied: Sequence[str], faults: Collection[str] = FAULTS
) -> list[PlannedPhase]:
    """Return the phases at `rate` requests a second.

    `proxied` names the dependencies that can be broken, `faults` what is done to them, of FAULTS. A
    dependency whose protocol the proxy does not understand has no "error".
    """
    recovery = PlannedPhase("recovery", "recovery", _recovery_seconds(budget), rate)
    phases = [
        PlannedPhase("warm-up", "warmup", WARM_UP, rate / 2),
        PlannedPhase("steady", "steady", steady.seconds(budget, rate), rate),
    ]
    for name in proxied:
        for kind, fault in _faults(budget, name, faults):
            word = f"{name} {kind}"
            phases.append(PlannedPhase(word, "fault", _DISTURBED, rate, name, fault))
            phases.append(_after(recovery, word))
    phases.append(PlannedPhase("overload", "overload", _DISTURBED, rate * OVERLOAD))
    phases.append(_after(recovery, "overload"))
    return phases


def _after(recovery: PlannedPhase, disturbance: str) -> PlannedPhase:
    return PlannedPhase(f"after {disturbance}", recovery.kind, recovery.seconds, recovery.rate)


def _recovery_seconds(budget: Budget) -> float:
    """The promised recovery time and one window more, so that a service that keeps its promise is seen to."""
    promised = budget.objective.recovery or 0.0
    return max(_RECOVERY_LEAST, math.ceil(promised + WINDOW + 1))


def _faults(budget: Budget, name: str, wanted: Collection[str]) -> Iterator[tuple[str, Fault | Script]]:
    """Yield what happens to a dependency, each with its word.

    Failing at once comes first: it shows the retries, which a service that waits no longer gets to.
    """
    section = budget.dependency[name]
    patience = (
        section.timeout.total if section.timeout is not None and section.timeout.total is not None else 1.0
    )
    # Five times what the service is prepared to wait: whoever has no timeout of his own waits it all.
    made: dict[str, Fault | Script] = {
        "reset": Reset(),
        "error": Error(),
        "refuse": Refuse(),
        "slow": Slow(delay=max(2.0, 5 * patience)),
        "flap": flap(Refuse(), down=_FLAP, up=_FLAP),
    }
    for word in FAULTS:
        if word in wanted and (word != "error" or framer_of(section.kind) is not None):
            yield word, made[word]
