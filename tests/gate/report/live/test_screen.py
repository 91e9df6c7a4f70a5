from __future__ import annotations

import io
import threading

import pytest
from rich.console import Console

from holdfast.clock import VirtualClock
from holdfast.gate.report.live import Live
from holdfast.gate.report.live.panel import sparkline


def drive(live, clock, seconds=12, start=0.0):
    for index in range(int(seconds * 4)):
        clock.advance(0.25)
        t = start + (index + 1) / 4
        live.progress({"t": t, "sent": int(t * 200), "done": 0, "ok": int(t * 100), "refused": int(t * 96),
                       "failed": int(t * 4), "p50": 0.021, "p99": 0.25})  # fmt: skip


def plain():
    file = io.StringIO()
    return Console(file=file, width=100), file


def terminal():
    file = io.StringIO()
    return Console(file=file, width=100, force_terminal=True, _environ={"TERM": "xterm"}), file


def test_a_log_gets_a_line_every_few_seconds():
    console, file = plain()
    clock = VirtualClock()
    with Live(console, title="held", clock=clock) as live:
        live.note("starting the service")
        live.phase("overload", 12.0, "200/s, payments: answers 2 s late")
        live.stalls(3)
        drive(live, clock)
    lines = file.getvalue().splitlines()
    assert lines[0] == "held: starting the service"
    assert lines[1] == "held: overload: 12 s, 200/s, payments: answers 2 s late"
    assert lines[2].startswith(
        "held: overload: offered 200/s, ok 100/s, refused 96/s, failed 4/s, p50 21 ms, p99 250 ms"
    )
    assert lines[2].endswith("stalls 3, 7 s left")
    assert len(lines) == 4
    assert "\x1b" not in file.getvalue()


def test_a_terminal_shows_the_phase_the_fault_and_the_figures():
    console, file = terminal()
    clock = VirtualClock()
    with Live(console, clock=clock) as live:
        live.phase("payments slow", 20.0, "200/s, payments: answers 2 s late")
        live.stalls(7)
        drive(live, clock, 5)
        live._screen.refresh()
        shown = file.getvalue()
        live.phase("recovery", 5.0, "200/s")
        drive(live, clock, 1, start=5.0)
    for words in (
        "payments slow",
        "15 s left",
        "payments: answers 2 s late",
        "100/s",
        "96/s",
        "4/s",
        "250 ms",
        "7",
    ):
        assert words in shown, words
    finished = [line for line in file.getvalue().splitlines() if "✓" in line]
    assert "payments slow" in finished[0]
    assert "recovery" in finished[1]


def test_before_the_first_phase_the_note_is_shown():
    console, file = terminal()
    with Live(console, clock=VirtualClock()) as live:
        live.note("starting examples.shop.held:app")
        live._screen.refresh()
        assert "starting examples.shop.held:app" in file.getvalue()


def interrupted(console):
    with Live(console, clock=VirtualClock()) as live:
        live.phase("steady", 5.0, "")
        raise KeyboardInterrupt


def test_the_terminal_is_given_back_when_the_run_breaks():
    console, file = terminal()
    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        interrupted(console)
    assert file.getvalue().count("\x1b[?25h") == 1
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
        assert not thread.is_alive()
    assert "✓" not in file.getvalue()


def test_words_of_a_service_are_not_markup():
    console, file = plain()
    with Live(console, clock=VirtualClock()) as live:
        live.note("[bold]x[/bold]\x1b[2J")
    assert "[bold]x[/bold]" in file.getvalue()
    assert "\x1b" not in file.getvalue()


def test_sparklines_scale_to_their_highest():
    assert sparkline([0.0, 50.0, 100.0]) == "▁▅█"
    assert sparkline([0.0, 0.0]) == "▁▁"
    assert sparkline([]) == ""
