from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.audit import audit
from holdfast.audit.source import parallel
from holdfast.audit.source.find import find
from holdfast.audit.source.load import load
from holdfast.audit.source.packing import packed, unpacked
from holdfast.audit.source.read import read_text

SOURCE = b"""
import time
class Client:
    limit: int = 3
    def get(self, key, *rest, default=None, **options): return lambda: time.sleep(1)
async def main(client: Client):
    for each in range(3):
        break
def broken(
"""


def project(folder: Path) -> Path:
    root = folder / "project"
    root.mkdir()
    (root / "main.py").write_bytes(SOURCE)
    (root / "other.py").write_text("x = 1\n")
    return root


def test_a_form_is_the_same_after_it_was_packed() -> None:
    module = read_text("main.py", SOURCE)
    assert unpacked("main.py", packed(module)) == module


def test_unchanged_files_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, cache = project(tmp_path), tmp_path / "cache"
    first = load(find(root), cache)
    seen: list[str] = []
    read = parallel.read

    def noted(path: str, file: Path) -> object:
        seen.append(path)
        return read(path, file)

    monkeypatch.setattr(parallel, "read", noted)
    assert load(find(root), cache) == first
    assert seen == []
    (root / "other.py").write_text("x = 2\n")
    load(find(root), cache)
    assert seen == ["other.py"]


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    root = project(tmp_path)
    (tmp_path / "cache").write_text("a file")
    assert load(find(root), tmp_path / "cache") == load(find(root))


def test_other_processes_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(tmp_path)
    alone = load(find(root))
    monkeypatch.setattr(parallel, "_ALONE", 0)
    assert load(find(root), tmp_path / "cache") == alone
    assert load(find(root), tmp_path / "cache") == alone


def test_what_another_process_does_not_read_is_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project(tmp_path)
    alone = load(find(root))
    monkeypatch.setattr(parallel, "_ALONE", 0)
    for executable in ("/bin/false", "/nowhere/python"):
        monkeypatch.setattr(parallel.sys, "executable", executable)
        assert load(find(root)) == alone


def test_other_processes_import_nothing_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project(tmp_path)
    for name in ("ast.py", "holdfast.py", "tokenize.py"):
        (root / name).write_text("open('ran', 'w')\n")
    monkeypatch.chdir(root)
    monkeypatch.setattr(parallel, "_ALONE", 0)
    assert len(load(find(root))) == 5
    assert not (root / "ran").exists()


def test_findings_are_the_same_from_the_store(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "app.py").write_text(
        "import time\nfrom fastapi import FastAPI\napp = FastAPI()\n"
        "@app.get('/x')\nasync def x():\n    time.sleep(1)\n"
    )
    fresh = audit(root, cache=tmp_path / "cache")
    again = audit(root, cache=tmp_path / "cache")
    assert [finding.rule for finding in fresh.findings] == ["HF101"]
    assert again == fresh
