"""The few lines that are redrawn while the gate runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from holdfast.gate.report.live.course import Course
from holdfast.gate.report.quantity import NOTHING, duration, rate
from holdfast.gate.report.text.paper import words

__all__ = ["Panel", "figures", "finished", "sparkline"]

BLOCKS = "▁▂▃▄▅▆▇█"
BAR = 40


class Panel:
    """Draws the newest state whenever it is asked to; `course` returns that state."""

    def __init__(self, title: str, course: Callable[[], Course], clock: Callable[[], float]) -> None:
        self._title = title
        self._course = course
        self._clock = clock
        self._spinner = Spinner("line")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        course = self._course()
        title = words(f" {self._title} " if self._title else " gate ", "bold reverse")
        if not course.name or (course.note and not course.recent):
            self._spinner.update(text=Text.assemble(title, " ", words(course.note or "starting")))
            yield self._spinner
            return
        left = course.left(self._clock())
        bar = ProgressBar(total=max(course.seconds, 1e-9), completed=course.seconds - left, width=BAR)
        head = Table.grid(padding=(0, 2, 0, 0))
        time_left = words(course.note) if course.note else Text(f"{left:.0f} s left")
        head.add_row(title, words(course.name, "bold"), bar, time_left)
        lines: list[Table | Text] = [head]
        if course.detail:
            lines.append(words(f"  {course.detail}", "yellow" if ":" in course.detail else "dim"))
        lines.append(_figures(course))
        curve = course.curve()
        if curve:
            lines.append(Text.assemble("  ok/s ", (sparkline(curve), "green")))
        yield Group(*lines)


def sparkline(values: Sequence[float]) -> str:
    """Return one block a value, the highest the fullest."""
    top = max(values, default=0.0)
    if top <= 0:
        return BLOCKS[0] * len(values)
    last = len(BLOCKS) - 1
    return "".join(BLOCKS[min(last, max(0, round(value / top * last)))] for value in values)


def figures(course: Course) -> str:
    """Return the figures of the last moments in one line, "" before there are any."""
    rates, last = course.rates(), course.last
    if rates is None or last is None:
        return ""
    parts = [f"{name} {text}" for name, text, _ in _parts(course)]
    return ", ".join(parts)


def finished(course: Course) -> Text:
    """Return the line that stays when a phase is over."""
    text = Text.assemble(("  ✓ ", "green"), words(f"{course.name:<28}", "bold"))
    rates = course.phase_rates()
    if rates is None:
        return text
    text.append(f"  ok {rate(rates.ok)}")
    for name, value, colour in (("refused", rates.refused, "yellow"), ("failed", rates.failed, "red")):
        if value > 0:
            text.append(f"  {name} {rate(value)}", style=colour)
    return text


def _figures(course: Course) -> Text:
    text = Text("  ")
    for name, value, colour in _parts(course):
        text.append(f"{name} ", style="dim").append(f"{value:<9}", style=colour)
    return text


def _parts(course: Course) -> list[tuple[str, str, str]]:
    rates, last = course.rates(), course.last
    if rates is None or last is None:
        return []
    return [
        ("offered", rate(rates.offered), ""),
        ("ok", rate(rates.ok), "green"),
        ("refused", rate(rates.refused), "yellow" if rates.refused else "dim"),
        ("failed", rate(rates.failed), "red" if rates.failed else "dim"),
        ("p50", NOTHING if last.p50 is None else duration(last.p50, 2), ""),
        ("p99", NOTHING if last.p99 is None else duration(last.p99, 2), ""),
        ("stalls", str(course.stalls), "red" if course.stalls else "dim"),
    ]
