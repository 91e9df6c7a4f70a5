from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from holdfast.audit import audit
from holdfast.audit.suppress import allowances

APP = """import time
from fastapi import FastAPI
app = FastAPI()
@app.get('/x')
async def x():
    {above}
    time.sleep(1)  {beside}
"""


def messages(folder: Path, *, above: str = "pass", beside: str = "") -> list[str]:
    (folder / "main.py").write_text(APP.format(above=above, beside=beside))
    return [finding.message for finding in audit(folder, today=date(2026, 6, 1)).findings]


@pytest.mark.parametrize(
    "mark",
    [
        "# holdfast: allow HF101 it is a demonstration",
        "# holdfast: allow HF101 it is a demonstration until 2026-06-01",
        "# holdfast: allow HF202, HF101 it is a demonstration",
    ],
)
def test_what_is_allowed_is_not_found(tmp_path: Path, mark: str) -> None:
    assert messages(tmp_path, beside=mark) == []
    assert messages(tmp_path, above=mark) == []


def test_an_allowance_ends_with_its_day(tmp_path: Path) -> None:
    (found,) = messages(tmp_path, beside="# holdfast: allow HF101 for the launch until 2026-05-31")
    assert found.endswith("(its allowance ended on 2026-05-31)")


def test_an_allowance_without_a_reason_does_not_hold(tmp_path: Path) -> None:
    (found,) = messages(tmp_path, beside="# holdfast: allow HF101")
    assert found.endswith("(its allowance gives no reason)")


@pytest.mark.parametrize(
    "mark",
    [
        "# holdfast: allow HF202 another rule",
        "# holdfast: allow everything",
        "# holdfast: allow HF101 a day that is none until 2026-02-30",
        "# noqa",
    ],
)
def test_other_comments_allow_nothing(tmp_path: Path, mark: str) -> None:
    (found,) = messages(tmp_path, beside=mark)
    assert "allowance" not in found


def test_several_lines_are_for_the_code_below() -> None:
    text = "# holdfast: allow HF101 one\n# holdfast: allow HF202 two\nx()\n"
    assert allowances(text)[3].rules == {"HF101", "HF202"}


def test_only_what_python_takes_for_the_end_of_a_line_is_one() -> None:
    text = "a = '\u2028'\r\n\x0c\rb()  # holdfast: allow HF101 one\n"
    assert list(allowances(text)) == [3]
