"""The sampling policy of the budget, as a sampler of the OpenTelemetry SDK. Imported with the SDK."""

from __future__ import annotations

from collections.abc import Container, Sequence

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

from holdfast.budget.model.trace import Trace

__all__ = ["ExceptPaths", "sampler"]


def sampler(section: Trace, never: Container[str] = ()) -> Sampler:
    """Return the sampler that `section` asks for; requests for one of the paths in `never` are not traced.

    The share is decided by the trace id, so services with the same share trace the same requests.
    """
    ratio = TraceIdRatioBased(section.sample or 0.0)
    if section.parent == "ignore":
        return ExceptPaths(
            ParentBased(ratio, remote_parent_sampled=ratio, remote_parent_not_sampled=ratio), never
        )
    return ExceptPaths(ParentBased(ratio), never)


class ExceptPaths(Sampler):
    """Drops the requests for some paths, such as probes, and leaves the others to `inner`."""

    def __init__(self, inner: Sampler, never: Container[str]) -> None:
        self._inner = inner
        self._never = never

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide on one span."""
        if kind is SpanKind.SERVER and attributes and attributes.get("url.path") in self._never:
            return SamplingResult(Decision.DROP)
        return self._inner.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        """Return what it is, for whoever inspects a provider."""
        return f"ExceptPaths{{{self._inner.get_description()}}}"
