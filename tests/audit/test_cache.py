"""Where caches lie, and that none that came with a project is believed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from holdfast.audit import audit, cache
from holdfast.audit.source.store import Store
from holdfast.cli import main

SOURCE = """
import time
from fastapi import FastAPI

app = FastAPI()

@app.get("/")
async def slow():
    time.sleep(1)
"""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of caches."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    return cache.folder()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "main.py").write_text(SOURCE)
    return folder


def test_it_is_with_the_user_and_not_in_the_project(project: Path, kept: Path, tmp_path: Path) -> None:
    assert main(["audit", str(project)]) == 1
    assert kept.is_relative_to(tmp_path / "caches")
    assert cache.file(kept, str(project)).is_file()
    assert [path.name for path in project.iterdir()] == ["main.py"]


def test_only_the_user_may_look_into_it(project: Path, kept: Path) -> None:
    audit(project, cache=kept)
    assert kept.stat().st_mode & 0o077 == 0


def test_one_that_came_with_the_project_is_not_believed(
    project: Path, kept: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted = project / ".holdfast_cache"
    (project / "main.py").write_text("")
    assert audit(project, cache=planted).findings == []
    (project / "main.py").write_text(SOURCE)
    with Store(planted, str(project)) as store:  # what it says of the file that is there now: nothing
        (name,) = store.names("form")
        head, form = store.heads("form")[name], store.body("form", name)
        with Store(kept, str(project)) as own:
            assert own.names("form") == set()
        digest = _digest(project, kept)
        store.write({"form": {name: ((digest, *head[1:]), form)}}, {})
    assert audit(project, cache=planted).findings == [], "who may write to a cache is believed"
    assert main(["audit", str(project)]) == 1
    assert "HF101" in capsys.readouterr().out


def _digest(project: Path, elsewhere: Path) -> bytes:
    audit(project, cache=elsewhere)
    with Store(elsewhere, str(project)) as store:
        ((digest, *_),) = store.heads("form").values()
    assert isinstance(digest, bytes)
    return digest


def test_that_of_a_project_that_is_gone_goes_with_the_next_new_one(project: Path, kept: Path) -> None:
    audit(project, cache=kept)
    gone = project.with_name("gone")
    shutil.copytree(project, gone)
    audit(gone, cache=kept)
    shutil.rmtree(gone)
    audit(project / "main.py", cache=kept)
    assert sorted(kept.glob("*.sqlite")) == sorted(
        cache.file(kept, str(path)) for path in (project, project / "main.py")
    )


def test_a_long_path_has_a_short_name_and_stays(kept: Path) -> None:
    kept.mkdir(parents=True)
    long = cache.file(kept, "/" + "x" * 300)
    long.write_text("")
    assert len(long.name) < 100
    assert long != cache.file(kept, "/" + "y" * 300)
    cache.forget(kept)
    assert long.exists()


def test_a_cache_that_was_damaged_on_disk_changes_no_finding(project: Path, kept: Path) -> None:
    expected = audit(project, cache=kept).findings
    with Store(kept, str(project)) as store:
        assert store._database is not None
        store._database.execute("COMMIT")
        store._database.execute(
            "UPDATE entry SET body = CAST(substr(body, 2) || x'7a' AS BLOB) WHERE kind != 'code'"
        )
    assert audit(project, cache=kept).findings == expected
