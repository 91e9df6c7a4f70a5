"""Findings and evidence put together: what is confirmed, what ran, and what no finding explains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from holdfast.audit.evidence.match import Match, same_route
from holdfast.audit.evidence.observed import Evidence, Sample, Source, Stall
from holdfast.audit.evidence.prediction import Prediction
from holdfast.audit.evidence.proof import Proof
from holdfast.audit.evidence.proposal import proposal
from holdfast.audit.evidence.prove import sampled, stalled, unconfirmed
from holdfast.audit.evidence.spared import without
from holdfast.audit.evidence.where import Files
from holdfast.audit.finding import Finding
from holdfast.audit.sources import Sources

__all__ = ["Joined", "join"]


@dataclass(frozen=True, slots=True)
class Joined:
    """`proofs`: of each finding, in their order. `unexplained`: the stalls that none of them explains, the
    costliest first; `proposals`: for each of these the lines of a budget that would, "" where unknown. `p99`:
    what it should be when all is mended that is confirmed, None where that cannot be told."""

    sources: tuple[Source, ...]
    proofs: tuple[Proof, ...]
    unexplained: tuple[Stall, ...] = ()
    proposals: tuple[str, ...] = ()
    p99: Prediction | None = None


def join(findings: Sequence[Finding], evidence: Evidence, files: Files, sources: Sources) -> Joined:
    """Return what `evidence` says about `findings`; `files` are all that was audited, `sources` their lines.

    Several files may tell of the same stalls, as the log and the result of one run of the gate do: for each
    finding the file that tells most counts, and they are not added up.
    """
    match = Match(findings, files)
    stalls: dict[int, list[Stall]] = defaultdict(list)
    unexplained = []
    for stall in evidence.stalls:
        number = match.held(stall.place, stall.frames, stall.route)
        if number is not None:
            stalls[number].append(stall)
        else:
            unexplained.append(stall)
    samples: dict[int, list[Sample]] = defaultdict(list)
    ran: dict[int, int] = defaultdict(int)
    for sample in evidence.samples:
        number = match.sampled(sample.frames)
        if number is not None:
            samples[number].append(sample)
        for each in match.ran(sample.frames):
            ran[each] += 1
    still = _seconds_by_source(evidence.stalls)
    proofs = []
    for number, finding in enumerate(findings):
        hits = _hits(finding, evidence.requests)
        if number in stalls:
            p99 = without(stalls[number], evidence.loads)
            proof = replace(stalled(stalls[number], still), p99=p99)
        elif number in samples:
            proof = sampled(samples[number], evidence.samples)
        else:
            proof = unconfirmed(finding, evidence, hits, ran[number])
        proofs.append(replace(proof, hits=hits, samples=ran[number]))
    unexplained.sort(key=lambda stall: (-stall.total, stall.place.file, stall.place.line))
    proposals = tuple(proposal(stall, match, files, sources) for stall in unexplained)
    told = tuple(_as_in_source(stall, files) for stall in unexplained)
    together = without((stall for those in stalls.values() for stall in those), evidence.loads)
    return Joined(evidence.sources, tuple(proofs), told, proposals, together)


def _as_in_source(stall: Stall, files: Files) -> Stall:
    """Return a stall with the file's path as it was audited, where it is one of those."""
    found = files.like(stall.place.file)
    return replace(stall, place=replace(stall.place, file=found[0])) if len(found) == 1 else stall


def _seconds_by_source(stalls: Iterable[Stall]) -> Mapping[str, float]:
    still: dict[str, float] = defaultdict(float)
    for stall in stalls:
        still[stall.source] += stall.total
    return still


def _hits(finding: Finding, requests: Mapping[str, int] | None) -> int | None:
    """Return how often the route of `finding` was answered; None where nobody counted, or it has none."""
    if requests is None or not finding.entry.partition(" ")[2].startswith("/"):
        return None
    return sum(count for route, count in requests.items() if same_route(finding.entry, route))
