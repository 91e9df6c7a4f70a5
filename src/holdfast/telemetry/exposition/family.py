"""A metric family as data: what it is called, what it means, and how it is read from the board."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from holdfast.telemetry.exemplars import Exemplar
from holdfast.telemetry.exposition.view import View

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

__all__ = ["Distribution", "Family", "Kind", "Read", "Sample"]


class Kind(Enum):
    """What Prometheus calls the type of a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Distribution:
    """A histogram's value: `buckets` of (upper bound as text, how many were at most that), and the sum.

    `examples`: by upper bound, a request that fell into the bucket and was traced.
    """

    buckets: list[tuple[str, float]]
    sum: float
    examples: Mapping[str, Exemplar] = field(default_factory=dict)


Sample: TypeAlias = tuple[tuple[str, ...], "float | Distribution"]
"""The values of the labels, in their order, and the value."""

Read: TypeAlias = Callable[[View], Iterable[Sample]]


@dataclass(frozen=True, slots=True)
class Family:
    """`name` is without a counter's "_total"; `doc` is one sentence or two; `read` yields the samples now."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    doc: str
    read: Read

    @property
    def exposed(self) -> str:
        """The name that queries use: of a counter with "_total"."""
        return f"{self.name}_total" if self.kind is Kind.COUNTER else self.name

    def metric(self, view: View) -> Metric:
        """Return the family with its samples, for prometheus_client."""
        from prometheus_client.metrics_core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        labels = list(self.labels)
        if self.kind is Kind.HISTOGRAM:
            histogram = HistogramMetricFamily(self.name, self.doc, labels=labels)
            for values, found in self.read(view):
                assert isinstance(found, Distribution)  # noqa: S101 - what a histogram reads
                buckets = [_bucket(bound, count, found.examples.get(bound)) for bound, count in found.buckets]
                histogram.add_metric(values, buckets=buckets, sum_value=found.sum)
            return histogram
        make = CounterMetricFamily if self.kind is Kind.COUNTER else GaugeMetricFamily
        family = make(self.name, self.doc, labels=labels)
        for values, found in self.read(view):
            assert not isinstance(found, Distribution)  # noqa: S101 - what counters and gauges read
            family.add_metric(values, found)
        return family


def _bucket(bound: str, count: float, example: Exemplar | None) -> Any:
    """Return a bucket for prometheus_client, with what OpenMetrics shows of its example."""
    if example is None:
        return bound, count
    from prometheus_client.samples import Exemplar as Shown

    labels = {"trace_id": example.trace_id, "span_id": example.span_id}
    return bound, count, Shown(labels, example.value, example.at)
