"""What is written stays what it was but for the fix, or is not written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from holdfast.audit import audit
from holdfast.audit.fix import apply, show
from holdfast.audit.fix.write import write
from tests.audit.fix.mending import project

SOURCE = """\
import time
from fastapi import FastAPI

app = FastAPI()


@app.get("/slow")
async def slow():
\ttime.sleep(1)  # é
"""


def fixed(root: Path) -> list[str]:
    return apply(root, audit(root).findings)


@pytest.mark.parametrize(
    ("bom", "encoding", "newline"),
    [
        (b"", "utf-8", "\n"),
        (b"\xef\xbb\xbf", "utf-8", "\r\n"),
        (b"# -*- coding: latin-1 -*-\n", "latin-1", "\n"),
    ],
)
def test_encoding_newlines_and_mode_stay(bom: bytes, encoding: str, newline: str, tmp_path: Path) -> None:
    data = bom + SOURCE.replace("\n", newline).encode(encoding)
    file = project(tmp_path, {"main.py": data}) / "main.py"
    file.chmod(0o755)
    [told] = fixed(tmp_path)
    assert told == f"fixed main.py:{9 + bom.count(10)}: HF101 awaits asyncio.sleep"
    expected = SOURCE.replace("time.sleep(1)", "await asyncio.sleep(1)")
    expected = "import asyncio\n" + expected
    assert file.read_bytes() == bom + expected.replace("\n", newline).encode(encoding)
    assert stat.S_IMODE(file.stat().st_mode) == 0o755
    assert [one.name for one in tmp_path.iterdir()] == ["main.py"]
    assert fixed(tmp_path) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = project(tmp_path / "real", SOURCE) / "main.py"
    (tmp_path / "app").mkdir()
    link = tmp_path / "app" / "main.py"
    link.symlink_to(real)
    assert write(link, real.read_bytes(), b"x = 1\n") == ""
    assert link.is_symlink()
    assert real.read_bytes() == b"x = 1\n"


def test_a_read_only_file_is_told_and_left(tmp_path: Path) -> None:
    file = project(tmp_path, SOURCE) / "main.py"
    file.chmod(0o444)
    assert fixed(tmp_path) == ["not written main.py: it is read-only"]
    assert file.read_text(encoding="utf-8") == SOURCE


def test_a_file_with_a_second_name_is_left(tmp_path: Path) -> None:
    file = project(tmp_path, SOURCE) / "main.py"
    os.link(file, tmp_path / "other.txt")
    assert write(file, file.read_bytes(), b"") == "it has another name (a hard link)"


def test_what_was_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    file = project(tmp_path, SOURCE) / "main.py"
    assert write(file, b"as it was", b"x = 1\n") == "it was changed meanwhile"
    assert file.read_text(encoding="utf-8") == SOURCE
    assert write(tmp_path / "gone.py", b"", b"") == "No such file or directory"


def test_what_libcst_cannot_parse_is_told_and_left(tmp_path: Path) -> None:
    file = project(tmp_path, SOURCE + "\nprint 'old'\n") / "main.py"
    before = file.read_bytes()
    assert fixed(tmp_path) == ["not written main.py: line 11 cannot be parsed"]
    assert file.read_bytes() == before


def test_a_file_whose_formatting_libcst_loses_is_left(tmp_path: Path) -> None:
    file = project(tmp_path, {"main.py": SOURCE.replace("\n", "\r").encode()}) / "main.py"
    assert fixed(tmp_path) == ["not written main.py: its formatting would not be kept"]
    assert b"\n" not in file.read_bytes()


def test_diffs_apply_in_their_order_and_write_nothing(tmp_path: Path) -> None:
    root = project(tmp_path, SOURCE)
    lines = list(show(root, audit(root).findings))
    assert lines == [
        "# safe: main.py:9: HF101 awaits asyncio.sleep",
        "--- a/main.py",
        "+++ b/main.py",
        "@@ -1,3 +1,4 @@",
        "+import asyncio",
        " import time",
        " from fastapi import FastAPI",
        " ",
        "@@ -6,4 +7,4 @@",
        " ",
        ' @app.get("/slow")',
        " async def slow():",
        "-\ttime.sleep(1)  # é",
        "+\tawait asyncio.sleep(1)  # é",
    ]
    assert (root / "main.py").read_text(encoding="utf-8") == SOURCE


def test_a_single_file_is_mended_by_itself(tmp_path: Path) -> None:
    file = project(tmp_path, SOURCE) / "main.py"
    assert fixed(file) == ["fixed main.py:9: HF101 awaits asyncio.sleep"]
    assert "await asyncio.sleep(1)" in file.read_text(encoding="utf-8")
