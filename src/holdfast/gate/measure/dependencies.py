"""What each dependency saw: calls, amplification, and whether the proxy was really in between.

How many requests need a dependency is not declared anywhere; it is measured. In the steady phase every call
is one that was needed, so calls / offered there is the need per request, and the traffic's mix is the same
in all phases.
"""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.gate.fault.counts import Counts
from holdfast.gate.result import Calls, Phase

__all__ = ["calls", "unproxied", "unwired"]


def unwired(counts: Sequence[Counts], attempted: int | None, direct: int) -> str:
    """Return why the faults of a dependency are not proven to have reached it; "" when they are.

    `counts[p]` at the start of phase p and one more at the end; `attempted` as the service says.
    """
    whole = counts[-1] - counts[0]
    if direct:
        return f"{direct} connections of the service went past the proxy to the real address"
    if not whole.connections:
        return "the service never connected through the proxy, so no fault reached it"
    if whole.calls is None:
        return ""
    if not whole.calls:
        return "no call was seen at the proxy, so no fault was proven to reach it"
    if attempted is not None and whole.calls > attempted:
        return f"the proxy saw {whole.calls} calls, the service attempted only {attempted}"
    return ""


def calls(
    name: str, kind: str, counts: Sequence[Counts], phases: Sequence[Phase], attempted: int | None, direct: int
) -> Calls:
    """Return a proxied dependency as it was seen."""
    whole = counts[-1] - counts[0]
    why = unwired(counts, attempted, direct)
    worst, needed, amplification = "", None, None
    per_request = _need(counts, phases)
    if per_request:
        for position, phase in enumerate(phases):
            seen = (counts[position + 1] - counts[position]).calls
            if phase.fault is None or phase.fault.dependency != name or seen is None:
                continue
            need = per_request * phase.offered
            if need and (amplification is None or seen / need > amplification):
                worst, needed, amplification = phase.name, need, seen / need
    return Calls(
        name=name,
        kind=kind,
        proxied=True,
        connections=whole.connections,
        seen=whole.calls or 0,
        attempted=attempted,
        needed=needed,
        amplification=amplification,
        amplification_phase=worst,
        direct=direct,
        wired=not why,
        why=why,
    )


def unproxied(name: str, kind: str, why: str) -> Calls:
    """Return a dependency that no fault can reach in this run."""
    return Calls(name, kind, False, 0, 0, None, None, None, "", 0, False, why)


def _need(counts: Sequence[Counts], phases: Sequence[Phase]) -> float:
    """Calls per offered request in the steady phase."""
    for position, phase in enumerate(phases):
        seen = (counts[position + 1] - counts[position]).calls
        if phase.kind == "steady" and phase.offered and seen is not None:
            return seen / phase.offered
    return 0.0
