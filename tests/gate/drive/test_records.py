from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from holdfast.errors import UsageError
from holdfast.gate.drive import RECORDS, RETRY_AFTER, Cause, Outcome, Records
from holdfast.gate.drive.report import summary

RECORDED = Records(
    at=np.array([0, 10, 20, 30, 40], dtype=np.int64) * 1_000_000,
    request=np.array([0, 1, 0, 0, 1], dtype=np.int32),
    sent=np.array([1, 10, 21, 31, -1], dtype=np.int64) * 1_000_000,
    done=np.array([5, 20, 25, 40, -1], dtype=np.int64) * 1_000_000,
    status=np.array([200, 503, Cause.RESET, 503, Cause.NOT_SENT], dtype=np.int16),
    outcome=np.array([0, Outcome.SHED | RETRY_AFTER, 0, 0, 0], dtype=np.uint8),
    start_ns=123,
    cpu_s=0.5,
    wrong={"GET /a": "expected 1 at $.é"},
)


def test_records_survive_their_file(tmp_path: Path) -> None:
    RECORDED.write(tmp_path)
    again = Records.read(tmp_path)
    for field in dataclasses.fields(Records):
        value = getattr(again, field.name)
        assert np.array_equal(value, getattr(RECORDED, field.name)), field.name
        assert type(value) is type(getattr(RECORDED, field.name))
    assert [path.name for path in tmp_path.iterdir()] == [RECORDS]


def test_latency_counts_from_the_intended_start() -> None:
    assert np.allclose(RECORDED.latency()[:4], [0.005, 0.010, 0.005, 0.010])
    assert np.isnan(RECORDED.latency()[4])
    assert np.allclose(RECORDED.lag()[:4], [0.001, 0, 0.001, 0.001])
    assert RECORDED.answered().tolist() == [True, True, False, True, False]


def test_the_summary_balances() -> None:
    line = summary(RECORDED)
    assert (line["sent"], line["done"], line["ok"], line["refused"], line["failed"]) == (4, 4, 1, 1, 2)
    assert line["not_sent"] == 1
    assert line["answered"] == 3
    assert line["lag_p50"] == pytest.approx(0.001)


def test_missing_and_malformed_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        Records.read(tmp_path)
    (tmp_path / RECORDS).write_bytes(b"")
    with pytest.raises(UsageError, match="malformed"):
        Records.read(tmp_path)
    np.savez(tmp_path / RECORDS, at=RECORDED.at)
    with pytest.raises(UsageError, match="malformed"):
        Records.read(tmp_path)
