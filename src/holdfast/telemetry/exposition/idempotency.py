"""Idempotency keys: what became of the requests that brought one."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.telemetry.exposition.family import Family, Kind, Sample
from holdfast.telemetry.exposition.view import View

__all__ = ["FAMILIES"]


def _keys(view: View) -> Iterator[Sample]:
    for name, (count,) in view.summed("idempotency").items():
        outcome, _, route = name.partition("\t")
        yield (route or outcome, outcome), count


FAMILIES = (
    Family(
        "holdfast_idempotency",
        Kind.COUNTER,
        ("route", "outcome"),
        "Requests on routes with idempotency keys: `first` ran, `replayed` got the stored answer, `conflict` "
        "(409) came while the first was in flight, `mismatch` (422) had another payload, `unknown` (409): "
        "nobody knows, `invalid` (400) had no proper key, `lost` lost its lease, `unavailable` (503) and "
        "`unprotected` met a store that did not answer.",
        _keys,
    ),
)
