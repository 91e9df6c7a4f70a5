from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from holdfast.gate.report.quantity import TIMES
from holdfast.gate.report.text import render, render_comparison
from tests.gate.report import sample
from tests.gate.report.mistakes import MISTAKES


def written(draw, encoding="utf-8", **options):
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="")
    draw(Console(file=file, **options))
    file.flush()
    return raw.getvalue().decode(encoding)


def report(make, **options):
    return written(lambda console: render(make(), console), **options)


def test_a_log_has_no_colour_codes_and_no_long_lines():
    text = report(sample.fragile)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_terminal_has_colour():
    assert "\x1b[" in report(
        sample.fragile, force_terminal=True, width=100, color_system="standard", _environ={}
    )


@pytest.mark.parametrize(
    "words",
    [
        "✗ FAIL   examples.shop.fragile:app",
        "6 of 9 objectives missed",
        "45% of the peak of 400/s",
        "≤ 300 ms",
        "422 ms",
        "41% over",
        "examples/shop/holdfast.toml:12",
        "docs/architecture/reliability.md#objectives",
        "1. The loop stood still for 21.4 s in 214 stalls",
        "examples/shop/fragile/orders.py:41",
        "client timeout: 966",
        "payments answers 2 s late",
        "after overload 5x: goodput did not come back within the run",
        "after payments down: goodput was back in 6.5 s",
        f"2.9{TIMES}",
        "✓ wired",
        "✓ balances",
        "630 µs (p99)",
        "--seed 20261120",
    ],
)
def test_the_report_says(words):
    assert words in report(sample.fragile)


def test_a_pass_says_so():
    text = report(sample.held)
    assert "✓ PASS   examples.shop.held:app" in text
    assert "\nWhy\n" not in text


def test_a_result_of_nothing_is_still_a_report():
    text = report(sample.empty)
    assert "? CANNOT TELL" in text
    assert "✗ does not balance" in text
    assert "none seen" in text


def test_a_console_that_knows_only_ascii_gets_ascii():
    text = report(sample.fragile, encoding="ascii")
    assert "x FAIL   examples.shop.fragile:app" in text
    assert "<= 300 ms" in text


def test_a_service_cannot_move_the_cursor_nor_use_markup():
    text = report(
        lambda: sample.hostile("\x1b[2J\r[bold]x[/bold]"), force_terminal=True, color_system=None, width=200
    )
    assert "\x1b[2J" not in text
    assert "[bold]x[/bold]" in text


@pytest.mark.parametrize("width", [40, 60, 100, 200])
def test_any_width_of_terminal(width):
    text = report(sample.fragile, force_terminal=True, color_system=None, width=width)
    assert "FAIL" in text


def test_the_comparison_shows_both_and_what_mends_them():
    results = {"fragile": sample.fragile(), "held": sample.held()}
    text = written(lambda console: render_comparison(results, console, MISTAKES))
    assert max(map(len, text.splitlines())) <= 100
    for words in (
        "✗ FAIL   fragile",
        "✓ PASS   held",
        "- p99 latency: 422 ms, required ≤ 300 ms (41% over)",
        "examples/shop/holdfast.toml:12 <- docs/architecture/reliability.md#objectives",
        "not back  within the run",
        "why: The loop stood still for 21.4 s in 214 stalls",
        "1. A blocking client in an async handler",
        "examples/shop/fragile/orders.py:41 -> examples/shop/held/orders.py:38",
    ):
        assert words in text, words
    row = next(line for line in text.splitlines() if "payments slow  180/s offered" in line)
    assert "27/s" in row
    assert "167/s" in row


def test_a_comparison_of_unlike_runs_says_so():
    results = {"held": sample.held(), "other": dataclasses.replace(sample.held(), seed=1)}
    assert "Compare with care, the runs differ in: seed." in written(
        lambda page: render_comparison(results, page)
    )


def test_a_recovery_of_no_time_reads_at_once():
    held = sample.held()
    back = dataclasses.replace(
        held, recoveries=tuple(dataclasses.replace(each, seconds=0.0) for each in held.recoveries)
    )
    page = written(lambda console: render(back, console))
    assert "after overload 5x: goodput was back at once" in " ".join(page.split())
