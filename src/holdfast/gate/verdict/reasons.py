"""Why an objective failed, by the run's own evidence: what held the loop, what piled up, what multiplied.

Each reason has its place and its numbers; where the evidence shows nothing, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from holdfast.gate.result import Calls, Judgement, Phase, Reason, Stall

__all__ = ["explain"]

_SHOWN = 4
"""As many stall sites as a reader takes in; the document lists all."""

_NOTABLE = 0.01
"""Share of the run that the loop must have stood still at a line, or of the clients that must have given up,
for it to be named as a cause: the share that a p99 is about."""

_MULTIPLIED = 1.5
"""Calls per request from which retries are named as a cause: half again as many as are needed."""


def explain(
    phases: Sequence[Phase],
    judgements: Sequence[Judgement],
    stalls: Sequence[Stall],
    dependencies: Sequence[Calls],
    peak_in_flight: int,
    wrong: Mapping[str, str] | None = None,
) -> list[Reason]:
    """Return the reasons that the evidence supports, the strongest first; none where nothing failed.

    `wrong`: of the routes with wrong answers, what was expected of them.
    """
    if all(judgement.outcome != "fail" for judgement in judgements):
        return []
    notable = _NOTABLE * (phases[-1].end - phases[0].start)
    return [
        *(Reason(f"wrong answers of {route}", expected, "") for route, expected in (wrong or {}).items()),
        *_stalls([stall for stall in stalls if stall.total >= notable]),
        *_multiplied(dependencies),
        *_taken_along(phases, dependencies),
        *_overrun(phases, peak_in_flight),
        *_refused(phases),
    ]


def _stalls(stalls: Sequence[Stall]) -> Iterator[Reason]:
    # Without a line it was the machine that stood still, not the service's code.
    for stall in [each for each in stalls if each.file][:_SHOWN]:
        route = f" ({stall.route})" if stall.route else ""
        yield Reason(
            title=f"the event loop stood still in {stall.function}{route}",
            detail=(
                f"{stall.count} stalls, {stall.total:.1f} s in all, the longest {stall.longest * 1e3:.0f} ms "
                f"in {stall.sink}; other requests waited {stall.victims} times for it"
            ),
            place=f"{stall.file}:{stall.line}",
        )


def _multiplied(dependencies: Sequence[Calls]) -> Iterator[Reason]:
    for calls in dependencies:
        if calls.amplification is not None and calls.amplification >= _MULTIPLIED:
            yield Reason(
                title=f"retries multiplied the load on {calls.name} by {calls.amplification:.1f}",
                detail=f"in phase {calls.amplification_phase}, over {calls.connections} connections in all",
                place="",
            )


def _taken_along(phases: Sequence[Phase], dependencies: Sequence[Calls]) -> Iterator[Reason]:
    """Name the worst fault that more requests went down with than need the dependency."""
    by_name = {phase.name: phase for phase in phases}
    for calls in dependencies:
        counted = by_name.get(calls.amplification_phase)
        if counted is None or not counted.offered or calls.needed is None:
            continue
        share = calls.needed / counted.offered
        broken = [p for p in phases if p.fault is not None and p.fault.dependency == calls.name and p.offered]
        worst = max(broken, key=lambda p: 1 - p.good / p.offered)
        lost = 1 - worst.good / worst.offered
        if lost > _MULTIPLIED * share + _NOTABLE:
            yield Reason(
                title=f"{calls.name} took the routes that do not need it with it",
                detail=(
                    f"in phase {worst.name} {share:.0%} of the requests needed it and {lost:.0%} were not "
                    "good: its callers held what the others waited for"
                ),
                place="",
            )


def _overrun(phases: Sequence[Phase], peak_in_flight: int) -> Iterator[Reason]:
    disturbed = [phase for phase in phases if phase.kind in ("overload", "fault") and not _shed(phase)]
    worst = max(disturbed, key=lambda p: p.outcomes.get("client timeout", 0), default=None)
    late = worst.outcomes.get("client timeout", 0) if worst else 0
    if worst and late > _NOTABLE * worst.offered:
        yield Reason(
            title=f"requests piled up in phase {worst.name}, and nothing refused them early",
            detail=(
                f"{late} of {worst.offered} clients gave up waiting; up to {peak_in_flight} requests were in "
                "flight at once in the run"
            ),
            place="",
        )


def _refused(phases: Sequence[Phase]) -> Iterator[Reason]:
    for phase in phases:
        if phase.kind != "steady":
            continue
        if shed := _shed(phase):
            yield Reason(
                title=f"{shed} of {phase.offered} requests were refused at the budget's own peak",
                detail="the admission limit is too low, or the service too slow, for the traffic it promises",
                place="",
            )
        if limited := phase.outcomes.get("429 ratelimited", 0):
            yield Reason(
                title=f"{limited} of {phase.offered} requests were refused by a rate limit",
                detail=(
                    "all requests of the gate come from one address, and a limit by client takes them for "
                    "those of one caller"
                ),
                place="",
            )


def _shed(phase: Phase) -> int:
    return sum(n for name, n in phase.outcomes.items() if name.endswith(" shed"))
