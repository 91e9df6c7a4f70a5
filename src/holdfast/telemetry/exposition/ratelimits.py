"""Rate limits: who was refused, and who could not be checked."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.telemetry.exposition.family import Family, Kind, Sample
from holdfast.telemetry.exposition.view import View

__all__ = ["FAMILIES"]


def _exceeded(view: View) -> Iterator[Sample]:
    for name, (count,) in view.summed("ratelimits").items():
        if "\t" not in name:
            yield (name,), count


def _unchecked(view: View) -> Iterator[Sample]:
    for name, (count,) in view.summed("ratelimits").items():
        limit, tab, decision = name.partition("\t")
        if tab:
            yield (limit, decision), count


FAMILIES = (
    Family(
        "holdfast_ratelimited",
        Kind.COUNTER,
        ("limit",),
        "Calls that were refused because their caller had used up the rate limit.",
        _exceeded,
    ),
    Family(
        "holdfast_ratelimit_unchecked",
        Kind.COUNTER,
        ("limit", "decision"),
        "Calls that could not be checked, as the store did not answer: `open` they passed, `closed` they "
        "were refused, `local` each worker counted alone.",
        _unchecked,
    ),
)
