from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.audit import audit, baseline
from holdfast.audit.selection import Selection, select
from holdfast.audit.sources import Sources
from holdfast.errors import UsageError

MAIN = """
import time
from fastapi import FastAPI

app = FastAPI()

@app.get("/one")
async def one():
    time.sleep(1)
    time.sleep(2)

@app.get("/two")
async def two():
    time.sleep(3)
"""


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """A baseline of the project in the folder beside it."""
    (tmp_path / "main.py").write_text(MAIN)
    assert baseline.write(tmp_path / "audit.json", audit(tmp_path).findings, Sources(tmp_path)) == 3
    return tmp_path / "audit.json"


def held(known: Path, source: str) -> Selection:
    """Hold the project, its main module being `source` now, against its baseline."""
    (known.parent / "main.py").write_text(source)
    return select(audit(known.parent), Sources(known.parent), known=known)


def test_what_is_known_does_not_fail_also_when_its_lines_move(known: Path) -> None:
    found = held(known, "# a comment\n\n" + MAIN.replace("async def two", "\n\nasync def two"))
    assert len(found.known) == len(found.findings) == 3
    assert not found.gone


def test_one_more_of_the_same_is_new(known: Path) -> None:
    found = held(known, MAIN.replace("    time.sleep(3)", "    time.sleep(3)\n    time.sleep(4)"))
    (new,) = [one for one in found.findings if one not in found.known]
    assert (new.function, new.line) == ("two", 15)


def test_the_same_call_in_another_function_is_new(known: Path) -> None:
    found = held(known, MAIN.replace("def two", "def three"))
    assert [one.function for one in found.findings if one not in found.known] == ["three"]
    assert [(one.function, count) for one, count in found.gone.items()] == [("two", 1)]


def test_what_was_mended_is_named(known: Path) -> None:
    found = held(known, MAIN.replace("    time.sleep(1)\n    time.sleep(2)", "    return {}"))
    assert [(one.rule, one.file, one.function, one.sink, count) for one, count in found.gone.items()] == [
        ("HF101", "main.py", "one", "time.sleep", 2)
    ]


def test_a_baseline_is_a_line_each_in_order(known: Path) -> None:
    lines = known.read_text().splitlines()
    assert lines[4] == (
        '  {"rule": "HF101", "file": "main.py", "function": "one", "sink": "time.sleep", "count": 2},'
    )
    assert '"two"' in lines[5]


def test_an_empty_one_can_be_read(tmp_path: Path) -> None:
    assert baseline.write(tmp_path / "none.json", [], Sources(tmp_path)) == 0
    assert baseline.read(tmp_path / "none.json") == {}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("{\n", ":2", "is not JSON"),
        ("[]", "", "is no baseline"),
        ('{"schema": "holdfast.audit"}', "", "is no baseline"),
        ('{"schema": "holdfast.audit-baseline", "version": 2}', "", "is a baseline of version 2"),
        ('{"schema": "holdfast.audit-baseline", "version": 1}', "", "findings is no list"),
        (
            '{"schema": "holdfast.audit-baseline", "version": 1, "findings": [3]}',
            ": findings[0]",
            "is no object",
        ),
        (
            '{"schema": "holdfast.audit-baseline", "version": 1, "findings": [{"rule": 3}]}',
            ": findings[0]",
            "rule is 3",
        ),
    ],
)
def test_what_is_no_baseline_is_said(tmp_path: Path, text: str, place: str, message: str) -> None:
    path = tmp_path / "audit.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        baseline.read(path)
    assert caught.value.place == f"{path}{place}"


def test_a_count_is_a_number(known: Path) -> None:
    known.write_text(known.read_text().replace('"count": 2', '"count": true'))
    with pytest.raises(UsageError, match="count is True"):
        baseline.read(known)


def test_files_that_cannot_be_read_or_written_are_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        baseline.read(tmp_path / "nowhere.json")
    with pytest.raises(UsageError, match="cannot be written"):
        baseline.write(tmp_path / "no" / "where.json", [], Sources(tmp_path))
