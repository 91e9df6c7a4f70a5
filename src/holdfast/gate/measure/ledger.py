"""The books: every request that was sent is accounted for exactly once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from holdfast.gate.drive.records import Cause, Outcome
from holdfast.gate.measure.outcomes import is_word
from holdfast.gate.measure.run import Run
from holdfast.gate.result import Calls, Ledger

__all__ = ["UNSEEN", "balance"]

UNSEEN = 0.02
"""Share of the attempted calls that the proxy may not have seen: an attempt whose time is over before its
connection stands was made by the service, and never was a call."""


def balance(run: Run, dependencies: Sequence[Calls] = ()) -> Ledger:
    """Close the books: of the requests, and of the calls that each proxied dependency saw."""
    status, outcome = run.records.status, run.records.outcome
    answered = status > 0
    by_guard = {word: (status >= 500) & is_word(outcome, word) for word in Outcome}
    refused = by_guard[Outcome.SHED]
    limited = (status == 429) & is_word(outcome, Outcome.RATELIMITED)
    shed = by_guard[Outcome.DEADLINE] | by_guard[Outcome.DEPENDENCY] | limited
    served = answered & (status < 500) & ~limited
    failed = (answered & ~served & ~refused & ~shed) | np.isin(status, (Cause.RESET, Cause.MALFORMED))
    cancelled = status == Cause.TIMEOUT
    never = np.isin(status, (Cause.REFUSED, Cause.CONNECT_TIMEOUT))
    not_sent = status == Cause.NOT_SENT
    entries = (served, refused, shed, failed, cancelled, never, not_sent)
    problems = [*_arithmetic(entries), *_calls(dependencies)]
    scheduled, unsent = len(status), _count(not_sent)
    if unsent:
        problems.append(f"the driver itself did not send {unsent} of {scheduled} scheduled requests")
    return Ledger(
        scheduled=scheduled,
        sent=scheduled - unsent,
        served=_count(served),
        refused=_count(refused),
        shed=_count(shed),
        failed=_count(failed),
        cancelled=_count(cancelled),
        never_accepted=_count(never),
        not_sent=unsent,
        balanced=not problems,
        problems=tuple(problems),
    )


def _count(mask: npt.NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(mask))


def _arithmetic(entries: tuple[npt.NDArray[np.bool_], ...]) -> list[str]:
    times = np.sum([entry.astype(np.int8) for entry in entries], axis=0)
    lost, twice = int(np.count_nonzero(times == 0)), int(np.count_nonzero(times > 1))
    problems = []
    if lost:
        problems.append(f"{lost} requests ended in no known way")
    if twice:
        problems.append(f"{twice} requests were counted twice")
    return problems


def _calls(dependencies: Sequence[Calls]) -> Iterator[str]:
    for each in dependencies:
        if not each.proxied or each.attempted is None:
            continue
        unseen = each.attempted - each.seen
        if unseen < 0 or unseen > max(2, UNSEEN * each.attempted) + each.unreachable:
            yield f"{each.name}: {each.attempted} calls attempted, {each.seen} seen at the proxy"
