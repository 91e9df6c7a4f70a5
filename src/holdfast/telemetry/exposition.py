"""Prometheus text made from a state board, for all its workers at once.

Counters and histograms are summed over every slot, those of dead workers included, so they never run back
while the board lives. Gauges speak of living workers only, by slot ("worker"), a number that a restart keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdfast.clock import Now, monotonic
from holdfast.telemetry.board import Board, DependencyCell, ObservingCell, Slot, SlotCell
from holdfast.telemetry.buckets import BOUNDS, FIRST_BUCKET, SUM_NS
from holdfast.telemetry.process import board as process_board

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

__all__ = ["CONTENT_TYPE", "BoardCollector", "render", "render_process"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The media type of what `render` returns."""

_NS = 1e9

_DEPENDENCY_COUNTERS = {
    DependencyCell.CALLS: ("calls", "Calls that ended, refused ones included."),
    DependencyCell.ATTEMPTS: ("attempts", "Attempts that reached for the network."),
    DependencyCell.RETRIES: ("retries", "Retries that were granted."),
    DependencyCell.FAILURES: ("failures", "Calls that reached for the network and had no good answer."),
    DependencyCell.REFUSED: ("refused", "Calls kept from the network by breaker, bulkhead or deadline."),
    DependencyCell.DEGRADED: ("degraded", "Calls that were answered by the fallback."),
}

_SLOT_GAUGES = {
    SlotCell.IN_FLIGHT: ("in_flight", "Requests being served."),
    SlotCell.LIMIT: ("limit", "Requests that may be served at once."),
    SlotCell.QUEUED: ("queued", "Requests waiting to be admitted."),
}


def render(board: Board, *, now: Now = monotonic) -> bytes:
    """Return the metrics of all workers on `board` in the Prometheus text format."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(BoardCollector(board, now))
    return generate_latest(registry)


def render_process() -> bytes:
    """Return the metrics of this process alone, or of its whole board where a supervisor made one."""
    return render(process_board())


class BoardCollector:
    """A collector for prometheus_client: `registry.register(BoardCollector(board))`."""

    def __init__(self, board: Board, now: Now = monotonic) -> None:
        self._board = board
        self._now = now

    def describe(self) -> list[Metric]:
        """Return nothing, so that registering reads no board."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families, read now."""
        slots = [slot for slot in self._board.slots() if slot.ever_owned]
        living = [slot for slot in slots if slot.alive]
        yield _requests(slots)
        yield _counted(slots, "refused", "reason", "Requests refused at the door.")
        yield _counted(slots, "errors", "cause", "Requests that ended in an error, by its cause.")
        yield _observed(slots)
        yield _observing(living)
        yield from _dependencies(slots)
        yield from _dependency_gauges(living)
        yield from _stalls(slots)
        yield from _workers(slots, living, self._now())


def _requests(slots: list[Slot]) -> Metric:
    from prometheus_client.metrics_core import HistogramMetricFamily

    family = HistogramMetricFamily(
        "holdfast_requests_seconds",
        "Time from accepting a request to the end of its answer.",
        labels=["method", "route", "status"],
    )
    bounds = [*map(str, BOUNDS), "+Inf"]
    for name, cells in _summed(slots, "requests").items():
        cumulative, counted = [], 0
        for bound, count in zip(bounds, cells[FIRST_BUCKET:], strict=True):
            counted += count
            cumulative.append((bound, float(counted)))
        target, _, status = name.partition("\t")
        method, _, route = target.partition(" ")
        family.add_metric(
            [method, route or method, status], buckets=cumulative, sum_value=cells[SUM_NS] / _NS
        )
    return family


def _counted(slots: list[Slot], table: str, label: str, doc: str) -> Metric:
    from prometheus_client.metrics_core import CounterMetricFamily

    family = CounterMetricFamily(f"holdfast_{table}", doc, labels=[label])
    for name, (count,) in _summed(slots, table).items():
        family.add_metric([name], count)
    return family


def _observed(slots: list[Slot]) -> Metric:
    from prometheus_client.metrics_core import CounterMetricFamily

    doc = "What a policy that only observes would have refused, cut or retried."
    family = CounterMetricFamily("holdfast_observed", doc, labels=["policy"])
    for name, cells in _summed(slots, "observing").items():
        family.add_metric([name], cells[ObservingCell.COUNT])
    return family


def _observing(living: list[Slot]) -> Metric:
    from prometheus_client.metrics_core import GaugeMetricFamily

    doc = "1 for each policy that only observes, because a number of it is not decided."
    family = GaugeMetricFamily("holdfast_observing", doc, labels=["policy", "worker"])
    for slot in living:
        for name, cells in slot.observing.rows():
            family.add_metric([name, str(slot.index)], cells[ObservingCell.ACTIVE])
    return family


def _dependencies(slots: list[Slot]) -> Iterator[Metric]:
    from prometheus_client.metrics_core import CounterMetricFamily

    rows = _summed(slots, "dependencies")
    for cell, (word, doc) in _DEPENDENCY_COUNTERS.items():
        family = CounterMetricFamily(f"holdfast_dependency_{word}", doc, labels=["dependency"])
        for name, cells in rows.items():
            family.add_metric([name], cells[cell])
        yield family
    seconds = CounterMetricFamily(
        "holdfast_dependency_seconds", "Time spent in calls, waiting included.", labels=["dependency"]
    )
    for name, cells in rows.items():
        seconds.add_metric([name], cells[DependencyCell.SUM_NS] / _NS)
    yield seconds


def _dependency_gauges(living: list[Slot]) -> Iterator[Metric]:
    from prometheus_client.metrics_core import GaugeMetricFamily

    labels = ["dependency", "worker"]
    breaker = GaugeMetricFamily("holdfast_breaker_state", "0 closed, 1 half-open, 2 open.", labels=labels)
    in_flight = GaugeMetricFamily("holdfast_dependency_in_flight", "Calls in flight.", labels=labels)
    for slot in living:
        for name, cells in slot.dependencies.rows():
            breaker.add_metric([name, str(slot.index)], cells[DependencyCell.BREAKER])
            in_flight.add_metric([name, str(slot.index)], cells[DependencyCell.IN_FLIGHT])
    yield breaker
    yield in_flight


def _stalls(slots: list[Slot]) -> Iterator[Metric]:
    from prometheus_client.metrics_core import CounterMetricFamily

    count = sum(slot.gauges[SlotCell.STALLS] for slot in slots)
    seconds = sum(slot.gauges[SlotCell.STALL_NS] for slot in slots) / _NS
    yield CounterMetricFamily("holdfast_stalls", "Times that an event loop stood still.", value=count)
    yield CounterMetricFamily("holdfast_stall_seconds", "Time that event loops stood still.", value=seconds)


def _workers(slots: list[Slot], living: list[Slot], now: float) -> Iterator[Metric]:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    for cell, (word, doc) in _SLOT_GAUGES.items():
        gauge = GaugeMetricFamily(f"holdfast_{word}", doc, labels=["worker"])
        for slot in living:
            gauge.add_metric([str(slot.index)], slot.gauges[cell])
        yield gauge
    lag = GaugeMetricFamily(
        "holdfast_loop_lag_seconds", "How late the event loop runs: a decaying maximum.", labels=["worker"]
    )
    age = GaugeMetricFamily(
        "holdfast_worker_heartbeat_age_seconds", "Time since the event loop last ran.", labels=["worker"]
    )
    for slot in living:
        lag.add_metric([str(slot.index)], slot.lag)
        age.add_metric([str(slot.index)], max(0.0, now - slot.heartbeat))
    yield lag
    yield age
    states = dict.fromkeys(("booting", "serving", "draining"), 0)
    for slot in living:
        states[slot.state] = states.get(slot.state, 0) + 1
    # A slot that was neither given back nor taken over belongs to a worker that was killed.
    states["dead"] = sum(slot.state != "free" for slot in slots if slot not in living)
    workers = GaugeMetricFamily("holdfast_workers", "Workers by state.", labels=["state"])
    for state, number in states.items():
        workers.add_metric([state], number)
    yield workers
    starts = sum(slot.gauges[SlotCell.CLAIMS] for slot in slots)
    yield CounterMetricFamily("holdfast_worker_starts", "Workers that were started.", value=starts)


def _summed(slots: list[Slot], table: str) -> dict[str, list[int]]:
    """Return the rows of one table added up over all slots, by name."""
    sums: dict[str, list[int]] = {}
    for slot in slots:
        for name, cells in getattr(slot, table).rows():
            here = cells.tolist()
            before = sums.get(name)
            sums[name] = here if before is None else [a + b for a, b in zip(before, here, strict=True)]
    return sums
