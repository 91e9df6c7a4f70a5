"""One verdict from many judgements, by the exit codes that every verb shares."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.gate.result import Judgement, Ledger, Verdict

__all__ = ["decide"]


def decide(judgements: Sequence[Judgement], ledger: Ledger) -> Verdict:
    """Decide: a failed objective outweighs a missing number, which outweighs what could not be told.

    A ledger that does not balance decides alone: nothing that was measured can be trusted then.
    """
    if not ledger.balanced:
        return Verdict("cannot tell", 5, "the ledger does not balance: " + "; ".join(ledger.problems))
    failed = [j for j in judgements if j.outcome == "fail"]
    if failed:
        names = ", ".join(dict.fromkeys(j.title for j in failed))
        return Verdict("fail", 1, f"{len(failed)} of {len(judgements)} objectives missed: {names}")
    missing = [j for j in judgements if j.outcome == "missing"]
    if missing:
        names = ", ".join(dict.fromkeys(j.id for j in missing))
        return Verdict("missing", 3, f"not decided yet: {names}")
    open_ = [j for j in judgements if j.outcome == "cannot tell"]
    if open_:
        return Verdict("cannot tell", 5, "; ".join(f"{j.title}: {j.why}" for j in open_))
    judged = [j for j in judgements if j.outcome == "pass"]
    if not judged:
        return Verdict("cannot tell", 5, "no objective was judged")
    return Verdict("pass", 0, f"all {len(judged)} judged objectives held")
