from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from holdfast.telemetry.board import Board, Slot
from holdfast.telemetry.logs.records import LogCount, installed

LOG = logging.getLogger("tests.telemetry.logs.records")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before, level = logging.getLogRecordFactory(), LOG.level
    LOG.setLevel(logging.INFO)
    yield
    logging.setLogRecordFactory(before)
    LOG.setLevel(level)


@pytest.fixture
def slot() -> Slot:
    return Board.private().slots()[0]


def counts(slot: Slot) -> dict[str, int]:
    return {name: cells[0] for name, cells in slot.logs.rows()}


def test_records_are_counted_by_level_and_written_once(slot: Slot) -> None:
    logging.setLogRecordFactory(logging.LogRecord)
    count = installed()
    LOG.debug("below the level: no record is made")
    LOG.info("one")
    LOG.warning("two %s", "three")
    LOG.log(45, "of a level of its own")
    count.write(slot)
    count.write(slot)
    assert counts(slot) == {"info": 1, "warning": 1, "other": 1}
    LOG.info("four")
    count.write(slot)
    assert counts(slot)["info"] == 2


def test_records_are_made_as_the_app_makes_them() -> None:
    class Own(logging.LogRecord):
        pass

    logging.setLogRecordFactory(Own)
    count = installed()
    assert installed() is count
    record = LOG.makeRecord("name", logging.INFO, "file", 1, "hello", (), None)
    assert isinstance(record, Own)
    assert record.getMessage() == "hello"


def test_it_is_put_in_place_again_when_somebody_replaced_it(slot: Slot) -> None:
    first = installed()
    logging.setLogRecordFactory(logging.LogRecord)
    second = installed()
    assert isinstance(second, LogCount)
    assert second is not first
    LOG.info("counted again")
    second.write(slot)
    assert counts(slot) == {"info": 1}
