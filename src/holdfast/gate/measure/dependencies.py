"""What each dependency saw: calls, amplification, and whether the proxy was really in between."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.gate.fault.counts import Counts
from holdfast.gate.result import Calls, Phase

__all__ = ["calls", "unproxied"]


def calls(
    name: str,
    kind: str,
    *,
    counts: Sequence[Counts],
    phases: Sequence[Phase],
    needed: Sequence[int],
    attempted: int | None,
    direct: int,
    unproven: str,
    unreachable: int = 0,
) -> Calls:
    """Return a proxied dependency as it was seen.

    `counts[p]` at the start of phase p and one more at the end; `needed[p]`: requests of phase p that need
    the dependency, by [traffic].request; `attempted`: calls that the service says it made, None where it does
    not say, or does not count what the proxy counts; `direct`: its connections past the proxy; `unproven`:
    why those could not be looked for; `unreachable`: of the attempted, those made while nobody listened.
    """
    whole = counts[-1] - counts[0]
    why = unproven or _unwired(whole, direct)
    usual = 1.0 if kind == "http" else _usual(counts, needed, phases)
    worst = max(
        (p for p, phase in enumerate(phases) if phase.fault is not None and phase.fault.dependency == name),
        key=lambda p: _ratio(counts, needed, p) or 0.0,
        default=None,
    )
    ratio = None if worst is None else _ratio(counts, needed, worst)
    amplification = ratio / usual if ratio is not None and usual else None
    return Calls(
        name=name,
        kind=kind,
        proxied=True,
        connections=whole.connections,
        seen=whole.calls or 0,
        attempted=attempted,
        needed=needed[worst] if worst is not None else None,
        amplification=amplification,
        amplification_phase=phases[worst].name if worst is not None else "",
        direct=direct,
        wired=not why,
        why=why,
        usual=usual,
        unreachable=unreachable,
    )


def unproxied(name: str, kind: str, why: str) -> Calls:
    """Return a dependency that no fault can reach in this run."""
    return Calls(name, kind, False, 0, 0, None, None, None, "", 0, False, why)


def _ratio(counts: Sequence[Counts], needed: Sequence[int], phase: int) -> float | None:
    """Calls per request that needs the dependency; None where either is not known."""
    seen = (counts[phase + 1] - counts[phase]).calls
    return seen / needed[phase] if seen is not None and needed[phase] else None


def _usual(counts: Sequence[Counts], needed: Sequence[int], phases: Sequence[Phase]) -> float | None:
    """Calls per request that needs the dependency in the steady phase: one takes several statements."""
    steady = next((p for p, phase in enumerate(phases) if phase.kind == "steady"), None)
    return None if steady is None else _ratio(counts, needed, steady)


def _unwired(whole: Counts, direct: int) -> str:
    """Return why the faults are not proven to have reached the dependency; "" when they are."""
    if direct:
        return f"{direct} connections of the service went past the proxy to the real address"
    if not whole.connections:
        return "the service never connected through the proxy, so no fault reached it"
    if whole.calls == 0:
        return "no call was seen at the proxy, so no fault is proven to have reached one"
    return ""
