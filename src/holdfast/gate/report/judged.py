"""Reading judgements: which failed, by how much, and which objective a percentile is held against."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.gate.report.quantity import delay, pair, signed_share, times
from holdfast.gate.result import GateResult, Judgement, Outcome

__all__ = ["MARK", "WORD", "by_outcome", "limit", "margin", "sides"]

MARK: dict[Outcome, str] = {"pass": "✓", "fail": "✗", "cannot tell": "?", "not judged": "○", "missing": "!"}
WORD: dict[Outcome, str] = {
    "pass": "PASS",
    "fail": "FAIL",
    "cannot tell": "CANNOT TELL",
    "not judged": "NOT JUDGED",
    "missing": "MISSING",
}
ORDER: tuple[Outcome, ...] = ("fail", "missing", "cannot tell", "pass", "not judged")


def by_outcome(result: GateResult, *outcomes: Outcome) -> tuple[Judgement, ...]:
    """Return the judgements with one of `outcomes` (all without one), failures first, else as they came."""
    chosen = [each for each in result.judgements if not outcomes or each.outcome in outcomes]
    return tuple(sorted(chosen, key=lambda each: ORDER.index(each.outcome)))


def sides(judgement: Judgement) -> tuple[str, str]:
    """Return (required, measured) as text, the required one with its direction."""
    required, measured = pair(judgement.required, judgement.measured, judgement.unit)
    if judgement.id == "objective.recovery" and judgement.measured == 0:
        measured = delay(0)
    if judgement.required is not None:
        required = ("≤ " if judgement.better == "lower" else "≥ ") + required
    return required, measured


def margin(judgement: Judgement) -> str:
    """Return how far the measured lies from the required, in words: "14x over", "12% under".

    For a share that is to be high (availability) the distance that matters is that of what went wrong:
    99.9% required and 98% measured are 20 times the errors allowed, not two percent.
    """
    required, measured = judgement.required, judgement.measured
    if required is None or measured is None:
        return ""
    if measured == required:
        return "exactly at the limit"
    over = measured > required
    if judgement.unit == "ratio" and judgement.better == "higher" and required < 1:
        spent = (1 - measured) / (1 - required)
        return f"{signed_share(spent) if over else times(spent)} {'of ' if over else ''}the errors allowed"
    if required == 0:
        return "none is allowed" if over else ""
    share = measured / required - 1
    if judgement.better == "lower":
        if over:
            return f"{times(measured / required)} the limit" if share >= 1 else f"{signed_share(share)} over"
        return f"{signed_share(share)} under"
    return f"{signed_share(share)} above" if over else f"{signed_share(share)} short"


def limit(judgements: Sequence[Judgement], percentile: str, route: str = "") -> Judgement | None:
    """Return the objective for `percentile` ("p99.9") of the service, or the own one of `route`.

    A route without one is held against none: the service's objective is about all its requests together.
    """
    name = percentile.replace(".", "")
    wanted = (
        {f"objective.route.{quoted}.{name}" for quoted in (route, f'"{route}"')}
        if route
        else {f"objective.{name}"}
    )
    return next((each for each in judgements if each.id in wanted and each.required is not None), None)
