from __future__ import annotations

import os
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from holdfast.telemetry.board import Board, Slot
from holdfast.telemetry.board.layout import ExemplarCell
from holdfast.telemetry.buckets import FIRST_BUCKET
from holdfast.telemetry.exemplars import Exemplar, exemplars, note
from holdfast.telemetry.exposition.collector import CONTENT_TYPE, OPENMETRICS, negotiated, render

ROW = "GET /products/{id}\t2xx"
BOUNDS = (0.1, 0.2, 0.5)
TRACE, SPAN = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
SHOWN = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board.create(tmp_path / "board", 2)


@pytest.fixture
def slot(board: Board) -> Slot:
    return board.claim(os.getpid(), 1.0)


def test_the_last_of_each_bucket_is_kept(slot: Slot) -> None:
    for took, at in ((90_000_000, 1), (150_000_000, 2), (160_000_000, 3), (9_000_000_000, 4)):
        note(slot, ROW, BOUNDS, (TRACE, SPAN), took, at * 10**9)
    assert exemplars([slot]) == {
        (ROW, 0): Exemplar(*SHOWN, 0.09, 1.0),
        (ROW, 1): Exemplar(*SHOWN, 0.16, 3.0),
        (ROW, 3): Exemplar(*SHOWN, 9.0, 4.0),
    }


def test_the_newest_of_all_workers_is_shown(board: Board, slot: Slot) -> None:
    other = board.claim(os.getppid(), 1.0)
    note(slot, ROW, BOUNDS, (1, 1), 10**6, 10**9)
    note(other, ROW, BOUNDS, (2, 2), 10**6, 3 * 10**9)
    for slots in ([slot, other], [other, slot]):
        assert exemplars(slots)[ROW, 0].at == 3.0


def test_what_is_being_written_is_left_out(slot: Slot) -> None:
    note(slot, ROW, BOUNDS, (TRACE, SPAN), 10**6, 10**9)
    slot.exemplars.row(f"{ROW}\t0")[ExemplarCell.SPAN] = 7
    assert exemplars([slot]) == {}


def test_more_kinds_than_there_are_rows_are_left_out(slot: Slot) -> None:
    for number in range(600):
        note(slot, f"GET /{number}\t2xx", BOUNDS, (TRACE, SPAN), 10**6, 10**9)
    assert len(exemplars([slot])) == 511


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", CONTENT_TYPE),
        ("*/*", CONTENT_TYPE),
        ("text/plain;version=0.0.4", CONTENT_TYPE),
        ("application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.3", OPENMETRICS),
        ("text/html, Application/OpenMetrics-Text", OPENMETRICS),
    ],
)
def test_a_scraper_gets_what_it_takes(accept: str, media: str) -> None:
    assert negotiated(accept) == media


def test_openmetrics_has_them_and_the_older_text_has_not(board: Board, slot: Slot) -> None:
    slot.requests.row(ROW)[FIRST_BUCKET] += 1
    note(slot, ROW, board.bounds, (TRACE, SPAN), 500_000, 10**9)
    text = render(board, media=OPENMETRICS).decode()
    assert text.endswith("# EOF\n")
    (found,) = (
        sample
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.exemplar is not None
    )
    assert found.labels == {"method": "GET", "route": "/products/{id}", "status": "2xx", "le": "0.001"}
    assert found.exemplar.labels == {"trace_id": SHOWN[0], "span_id": SHOWN[1]}
    assert (found.exemplar.value, float(found.exemplar.timestamp)) == (0.0005, 1.0)
    assert b"trace_id" not in render(board)
