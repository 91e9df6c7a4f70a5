"""What changed, asked of real repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from holdfast.audit import audit
from holdfast.audit.selection import select
from holdfast.audit.since import changed
from holdfast.audit.sources import Sources
from holdfast.errors import UsageError

MAIN = """
from fastapi import FastAPI
from service import ledger

app = FastAPI()

@app.get("/one")
async def one():
    ledger.settle()

@app.get("/two")
async def two():
    ledger.close()
"""
LEDGER = """
import time

def settle():
    time.sleep(1)

def close():
    time.sleep(2)
"""


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A service in a folder of a repository, committed on the branch main."""
    service = tmp_path / "service"
    service.mkdir()
    (service / "main.py").write_text(MAIN)
    (service / "ledger.py").write_text(LEDGER)
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    return service


def touched(root: Path) -> list[str]:
    found = select(audit(root), Sources(root), reference="main")
    assert found.untouched == len(audit(root).findings) - len(found.findings)
    return [f"{one.file}:{one.line}" for one in found.findings]


def test_nothing_changed_touches_nothing(root: Path) -> None:
    assert changed(root, "main") == {}
    assert touched(root) == []


def test_a_change_at_the_end_of_a_chain_touches_the_finding(root: Path) -> None:
    (root / "ledger.py").write_text(LEDGER.replace("sleep(2)", "sleep(9)"))
    assert changed(root, "main") == {"ledger.py": {8}}
    assert touched(root) == ["main.py:13"]


def test_a_change_beside_the_chain_does_not(root: Path) -> None:
    (root / "main.py").write_text("# a comment\n" + MAIN)
    assert touched(root) == []


def test_what_is_committed_on_a_branch_counts_and_what_came_to_main_after_does_not(root: Path) -> None:
    git(root, "checkout", "-b", "topic")
    (root / "ledger.py").write_text(LEDGER.replace("sleep(1)", "sleep(7)"))
    git(root, "commit", "-am", "topic")
    git(root, "checkout", "main")
    (root / "main.py").write_text(
        MAIN.replace('"/two"', '"/other"').replace("async def two", "async def other")
    )
    git(root, "commit", "-am", "main goes on")
    git(root, "checkout", "topic")
    assert touched(root) == ["main.py:9"]


def test_every_line_of_a_file_that_git_does_not_know_is_changed(root: Path) -> None:
    (root / "new one.py").write_text(MAIN.replace("/one", "/new"))
    assert touched(root) == ["new one.py:9", "new one.py:13"]


def test_files_in_other_languages_count_too(root: Path) -> None:
    (root / "Dockerfile").write_text("FROM python:3.13\n")
    git(root, "add", ".")
    assert changed(root, "main") == {"Dockerfile": {1}}


def test_lines_that_look_like_a_diff_are_lines(root: Path) -> None:
    (root / "ledger.py").write_text(LEDGER + '\nTEXT = """\n++ other.py\n@@ -1 +1,500 @@\n"""\n')
    assert changed(root, "main") == {"ledger.py": set(range(9, 14))}


def test_where_lines_were_only_removed_their_neighbours_count(root: Path) -> None:
    (root / "ledger.py").write_text(LEDGER.replace("def settle():\n    time.sleep(1)\n\n", ""))
    assert changed(root, "main") == {"ledger.py": {3, 4}}


@pytest.mark.parametrize("reference", ["nowhere", "--output=x"])
def test_no_such_revision_is_said(root: Path, reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        changed(root, reference)
    assert caught.value.place == f"--since {reference}"
    assert not (root / "x").exists()


def test_no_repository_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError, match="git says"):
        changed(tmp_path, "main")
