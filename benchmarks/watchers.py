"""Who watches the loop in benchmarks/watchdog.py, each as its own documentation says."""

from __future__ import annotations

import re
import traceback
from typing import Any

__all__ = ["THRESHOLD", "WATCHERS", "Watcher"]

THRESHOLD = 0.1
"""Seconds: what all that have a threshold are set to, holdfast's default."""

_SERVICE = "blocking_service.py"


class Watcher:
    """Nobody: the process without a watch.

    A report has the lines of the service that it names, the request's route, and what it calls the cause.
    """

    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []

    def start(self) -> None:
        """Begin to watch the running loop."""

    def stop(self) -> None:
        """End the watch."""

    def raised(self, error: Exception, route: str) -> None:
        """Take an error that a request of `route` ended in; it is nobody's who does not raise."""
        raise error


class Holdfast(Watcher):
    """The stall watch alone, as `holdfast serve` runs it for any app."""

    def start(self) -> None:
        """Begin."""
        from holdfast.events import StallSeen
        from holdfast.loop.watch import StallWatch

        def seen(stall: StallSeen) -> None:
            lines = [stall.line] if stall.file.endswith(_SERVICE) else []
            self.reports.append({"lines": lines, "route": stall.route, "cause": stall.cause})

        self._watch = StallWatch(seen, threshold=THRESHOLD)
        self._watch.start()

    def stop(self) -> None:
        """End."""
        self._watch.stop()


class Blockbuster(Watcher):
    """Raises in what calls a blocking function that it knows; the route is the one that fails."""

    def start(self) -> None:
        """Begin."""
        from blockbuster import BlockBuster

        self._blockbuster = BlockBuster()
        self._blockbuster.activate()

    def stop(self) -> None:
        """End."""
        self._blockbuster.deactivate()

    def raised(self, error: Exception, route: str) -> None:
        """Take its error; the innermost line of the service is the one named."""
        from blockbuster import BlockingError

        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, BlockingError):
            cause = cause.__cause__ or cause.__context__
        if cause is None:
            raise error
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename.endswith(_SERVICE)]
        self.reports.append({"lines": lines[-1:], "route": route, "cause": str(cause)})


class Aiocop(Watcher):
    """Audit hooks, slow callbacks and a sampler of the stack; its traces name functions and no route."""

    def start(self) -> None:
        """Begin."""
        import aiocop  # type: ignore[import-untyped,import-not-found,unused-ignore]

        def slow(event: Any) -> None:
            if not event.exceeded_threshold:
                return
            traces = [each["trace"] for each in event.blocking_events]
            traces += [each["trace"] for each in event.cpu_stack_samples]
            lines = [
                int(number)
                for trace in traces
                for number in re.findall(rf"{re.escape(_SERVICE)}:(\d+)", trace)
            ]
            self.reports.append({"lines": lines, "route": "", "cause": event.reason, "traces": traces[:3]})

        aiocop.patch_audit_functions()
        aiocop.start_blocking_io_detection(trace_depth=20)
        aiocop.detect_slow_tasks(threshold_ms=int(THRESHOLD * 1000), on_slow_task=slow)
        aiocop.activate()


WATCHERS: dict[str, type[Watcher]] = {
    "nobody": Watcher,
    "holdfast": Holdfast,
    "blockbuster": Blockbuster,
    "aiocop": Aiocop,
}
