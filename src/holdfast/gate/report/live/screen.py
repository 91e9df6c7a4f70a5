"""The view of a running gate: drawn in place on a terminal, line by line in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from rich import live as rich_live
from rich.console import Console

from holdfast.gate.report.live.course import Course
from holdfast.gate.report.live.panel import Panel, figures, finished
from holdfast.gate.report.quantity import duration
from holdfast.gate.report.text.paper import clean, show, unicode, write

__all__ = ["Live"]

# Seconds between two lines in a log: a minute's run is a dozen lines.
EVERY = 5.0
# Drawings a second: the driver reports as often, and each costs milliseconds of a core that it shares.
REFRESH = 4


class Live:
    """A context manager; the gate tells it what happens, it decides what to show and when.

    `title` names the run where several follow one another. `clock` gives seconds, never running back.
    """

    def __init__(
        self, console: Console, *, title: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console
        self._title = title
        self._clock = clock
        self._course = Course()
        self._said = clock()
        self._screen: rich_live.Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._console.is_dumb_terminal and unicode(self._console):
            self._screen = rich_live.Live(
                Panel(self._title, lambda: self._course, self._clock),
                console=self._console,
                refresh_per_second=REFRESH,
                transient=True,
            )
            self._screen.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        screen, self._screen = self._screen, None
        if screen is not None:
            screen.stop()
            if kind is None and self._course.name:
                show(self._console, finished(self._course))

    def phase(self, name: str, seconds: float, detail: str) -> None:
        """A phase of `seconds` begins; `detail` says what is done in it, the fault included."""
        now = self._clock()
        if self._screen is not None:
            if self._course.name:
                show(self._console, finished(self._course))
        else:
            self._say(f"{name}: {duration(seconds)}, {detail}" if detail else f"{name}: {duration(seconds)}")
        self._course = self._course.begun(name, seconds, detail, now)
        self._said = now

    def progress(self, line: Mapping[str, Any]) -> None:
        """Take a line of the driver in."""
        self._course = self._course.reported(line)
        now = self._clock()
        if self._screen is None and now - self._said >= EVERY:
            self._said = now
            text = figures(self._course)
            if text:
                self._say(f"{self._course.name}: {text}, {duration(self._course.left(now), 2)} left")

    def stalls(self, count: int) -> None:
        """So many stalls of the loop were seen up to now."""
        self._course = replace(self._course, stalls=count)

    def note(self, text: str) -> None:
        """Something worth a line happened."""
        self._course = replace(self._course, note=text)
        if self._screen is None:
            self._say(text)

    def _say(self, text: str) -> None:
        line = f"{self._title}: {text}" if self._title else text
        write(self._console, f"{clean(line)}\n")
