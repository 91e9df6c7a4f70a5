from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import UsageError
from holdfast.events import StallSeen
from holdfast.telemetry.stalllog import Record, line, previous, read

STALL = StallSeen(1.5, 0.25, "a.py", 3, "f", "ssl.py:9 read", "GET /", 2, "id-1", "blocked", ("a.py:3 f",))
RECORD = Record("2026-11-20T12:00:00.000Z", 4711, STALL, 3, 1.5)

TEXT = st.text(max_size=20)
SECONDS = st.floats(0, 1e6)
COUNT = st.integers(0, 1 << 40)


@given(
    st.builds(StallSeen, SECONDS, SECONDS, TEXT, COUNT, TEXT, TEXT, TEXT, COUNT, TEXT, TEXT, st.tuples(TEXT)),
    COUNT,
)
def test_a_record_comes_back(stall: StallSeen, worker: int) -> None:
    text = line(Record("t", worker, stall))
    assert text.count("\n") == 1
    from holdfast.telemetry.stalllog import _record

    assert _record(text, "here") == Record("t", worker, stall)


def test_a_log_and_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "stalls.jsonl"
    path.write_text(line(RECORD))
    previous(path).write_text(line(Record("t", 1, STALL)))
    assert read(path) == [Record("t", 1, STALL), RECORD]
    assert read(str(path))[1].seconds == 1.75


def test_a_line_that_a_kill_cut_off_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "stalls.jsonl"
    path.write_text(line(RECORD) + line(RECORD)[:40])
    assert read(path) == [RECORD]


def changed(**values: Any) -> str:
    document = json.loads(line(RECORD))
    for name, value in values.items():
        if value is None:
            del document[name]
        else:
            document[name] = value
    return json.dumps(document) + "\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{]\n", "not a line of a stall log"),
        ("[]\n", 'no schema "holdfast.stall"'),
        ('{"file": "a.py"}\n', 'no schema "holdfast.stall"'),
        (changed(version=2), "version 2, this holdfast reads 1"),
        (changed(line=None), "line is missing"),
        (changed(line="3"), "line is '3'"),
        (changed(duration=True), "duration is True"),
        (changed(stack=[1]), "stack is no list of texts"),
    ],
)
def test_a_broken_line_is_an_error_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "stalls.jsonl"
    path.write_text(line(RECORD) + "\n" + text)
    with pytest.raises(UsageError, match=re.escape(says)) as caught:
        read(path)
    assert f"{path}:3" in f"{caught.value} {caught.value.place}"


def test_no_log_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the stall log"):
        read(tmp_path / "none")
