"""Before the door: connections that no worker has accepted yet.

Of the listening socket that the supervisor opened; where there is no supervisor these families are empty.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.telemetry.exposition.family import Family, Kind, Sample
from holdfast.telemetry.exposition.view import View
from holdfast.telemetry.listener import dropped, waiting

__all__ = ["FAMILIES"]


def _backlog(view: View) -> Iterator[Sample]:
    found = waiting(view.listener) if view.listener else None
    if found is not None:
        yield (), found[0]


def _limit(view: View) -> Iterator[Sample]:
    found = waiting(view.listener) if view.listener else None
    if found is not None and found[1] is not None:
        yield (), found[1]


def _dropped(view: View) -> Iterator[Sample]:
    now = dropped() if view.listener else None
    if now is not None:
        yield (), max(0, now - view.dropped_before)


FAMILIES = (
    Family(
        "holdfast_accept_backlog",
        Kind.GAUGE,
        (),
        "Connections that the kernel has made and no worker has accepted yet.",
        _backlog,
    ),
    Family(
        "holdfast_accept_backlog_limit",
        Kind.GAUGE,
        (),
        "How many such connections may wait; the kernel drops what comes beyond.",
        _limit,
    ),
    Family(
        "holdfast_accept_dropped",
        Kind.COUNTER,
        (),
        "Connections that the kernel dropped because nobody accepted them, since the service started, by all "
        "services in the same network namespace.",
        _dropped,
    ),
)
