"""Proofs: by stalls, by samples, and what can be said where there are neither."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from holdfast.audit.evidence.match import holds_the_loop, same_route
from holdfast.audit.evidence.observed import Evidence, Sample, Stall
from holdfast.audit.evidence.proof import Proof, Saving, Status
from holdfast.audit.finding import Finding
from holdfast.audit.words import many, milliseconds

__all__ = ["sampled", "stalled", "unconfirmed"]


def stalled(stalls: Iterable[Stall], still: Mapping[str, float]) -> Proof:
    """Return the proof by stalls, as the source tells that tells of most."""
    by_source: dict[str, list[Stall]] = defaultdict(list)
    for stall in stalls:
        by_source[stall.source].append(stall)
    source, most = max(by_source.items(), key=lambda item: sum(stall.total for stall in item[1]))
    count = sum(stall.count for stall in most)
    total = sum(stall.total for stall in most)
    victims = sum(stall.victims for stall in most)
    longest = max(stall.longest for stall in most)
    mean = total / max(count, 1)
    share = min(total / still[source], 1.0) if still[source] else 0.0
    how = (
        f"without its {many(count, 'stall')} of {milliseconds(mean)} on average the loop stands still for "
        f"{share:.0%} less time; each of {many(victims, 'delayed request')} waited for one of them at most"
    )
    return Proof(
        Status.CONFIRMED,
        f"{many(count, 'stall')}, {milliseconds(total)} in all, the longest {milliseconds(longest)}, "
        f"{many(victims, 'request')} delayed",
        source,
        count,
        total,
        longest,
        victims,
        saving=Saving(total, share, victims * mean, how),
    )


def sampled(held: Sequence[Sample], all_samples: Sequence[Sample]) -> Proof:
    """Return the proof by samples of its sink on the stack of the loop."""
    source = max(held, key=lambda sample: sample.timed).source
    here = [sample for sample in held if sample.source == source]
    weight = sum(sample.weight for sample in here)
    whole = sum(sample.weight for sample in all_samples if sample.source == source)
    share = weight / whole if whole else 0.0
    if not here[0].timed:
        says = f"{weight:,.0f} of {many(round(whole), 'sample')} ({share:.0%}) are in this call"
        return Proof(Status.CONFIRMED, says, source)
    how = f"the profile spends {share:.0%} of its sampled time in this call; how many waited it does not tell"
    return Proof(
        Status.CONFIRMED,
        f"{milliseconds(weight)} of {milliseconds(whole)} sampled ({share:.0%}) are in this call",
        source,
        seconds=weight,
        saving=Saving(weight, share, None, how),
    )


def unconfirmed(finding: Finding, evidence: Evidence, hits: int | None, ran: int) -> Proof:
    """Return what is known of a finding that nothing confirms: whether it ran at all.

    `hits`: answered requests of its route, None where nobody counted; `ran`: sampled stacks that it is on.
    """
    if hits:
        seen = ", and no stall was seen here" if holds_the_loop(finding) else ""
        return Proof(Status.EXERCISED, f"{finding.entry} was answered {many(hits, 'time')}{seen}")
    if ran:
        here = ", and never in this call" if holds_the_loop(finding) else ""
        return Proof(Status.EXERCISED, f"its function is on {many(ran, 'distinct stack')}{here}")
    if hits == 0 and evidence.requests is not None:
        if any(same_route(finding.entry, route) for route in evidence.requests):
            return Proof(Status.EXERCISED, f"{finding.entry} was asked for, and had no good answer")
        of = sum(evidence.requests.values())
        says = f"{finding.entry} was answered 0 of {many(of, 'time')}"
        return Proof(Status.NOT_EXERCISED, says)
    if evidence.samples:
        says = f"its function is on none of {many(len(evidence.samples), 'distinct stack')}"
        return Proof(Status.NOT_EXERCISED, says)
    return Proof(Status.UNKNOWN, "the evidence tells of stalls, and not whether this ran")
