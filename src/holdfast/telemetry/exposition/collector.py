"""From a board to text, through prometheus_client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdfast.clock import Now, monotonic
from holdfast.telemetry.board import Board
from holdfast.telemetry.exposition.catalogue import FAMILIES
from holdfast.telemetry.exposition.view import View
from holdfast.telemetry.process import board as process_board

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

__all__ = ["CONTENT_TYPE", "OPENMETRICS", "BoardCollector", "negotiated", "render", "render_process"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The media type of what `render` returns."""


OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
"""The media type of what `render` returns in OpenMetrics, which has exemplars."""


def negotiated(accept: str) -> str:
    """Return the media type for a scraper that sends `accept`: OpenMetrics where it takes that."""
    kinds = (kind.partition(";")[0].strip().lower() for kind in accept.split(","))
    return OPENMETRICS if "application/openmetrics-text" in kinds else CONTENT_TYPE


def render(board: Board, *, now: Now = monotonic, media: str = CONTENT_TYPE) -> bytes:
    """Return the metrics of all workers on `board` in the Prometheus text format, or as `media` says."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.openmetrics import exposition

    registry = CollectorRegistry(auto_describe=False)
    registry.register(BoardCollector(board, now))
    if media == OPENMETRICS:
        text: bytes = exposition.generate_latest(registry)  # type: ignore[no-untyped-call]
        return text
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
        view = View(self._board, self._now())
        for family in FAMILIES:
            yield family.metric(view)
