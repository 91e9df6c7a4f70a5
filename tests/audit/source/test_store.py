"""What is kept between audits: several at a time, broken files, other versions."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from holdfast.audit.source import store as storing
from holdfast.audit.source.find import find
from holdfast.audit.source.load import load
from holdfast.audit.source.store import Store


def kept(folder: Path, **entries: object) -> None:
    with Store(folder) as store:
        store.write({"form": {name: (None, body) for name, body in entries.items()}}, {})


def found(folder: Path, project: str = "") -> dict[str, object]:
    with Store(folder, project) as store:
        return store.bodies("form")


def test_entries_are_kept_by_kind_and_name(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.write({"form": {"a": (1, (2, "x")), "b": (None, b"")}, "graph": {"a": (3, {4: 5})}}, {})
    with Store(tmp_path) as store:
        assert store.heads("form") == {"a": 1, "b": None}
        assert store.bodies("graph") == {"a": {4: 5}}
        assert store.body("form", "a") == (2, "x")
        assert store.body("form", "c") is None
        store.write({}, {"form": ["a"]})
    assert found(tmp_path).keys() == {"b"}


def test_version_control_leaves_the_folder_alone(tmp_path: Path) -> None:
    kept(tmp_path / "cache", a=1)
    assert (tmp_path / "cache" / ".gitignore").read_text() == "*\n"


def test_projects_share_a_folder(tmp_path: Path) -> None:
    kept(tmp_path, a=1)
    assert found(tmp_path, "another") == {}
    assert found(tmp_path) == {"a": 1}


def test_another_version_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tmp_path, a=1)
    monkeypatch.setattr(storing, "_code", lambda: b"another")
    assert found(tmp_path) == {}


@pytest.mark.parametrize("content", [b"", b"\x00garbage" * 1000, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_broken_file_counts_as_empty(tmp_path: Path, content: bytes) -> None:
    kept(tmp_path, a=1)
    (file,) = tmp_path.glob("*.sqlite")
    file.write_bytes(content)
    assert found(tmp_path) == {}
    kept(tmp_path, b=2)
    assert found(tmp_path) == {"b": 2}


def test_a_file_that_is_cut_off_counts_as_empty(tmp_path: Path) -> None:
    kept(tmp_path, **{f"name{number}": "x" * 5000 for number in range(50)})
    (file,) = tmp_path.glob("*.sqlite")
    file.write_bytes(file.read_bytes()[:20_000])
    assert found(tmp_path) == {}
    assert found(tmp_path) == {}


def test_a_body_that_is_broken_counts_as_missing(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "main.py").write_text("x = 1\n")
    expected = load(find(root), tmp_path / "cache")
    with Store(tmp_path / "cache") as store:
        assert store._database is not None
        store._database.execute("COMMIT")
        store._database.execute("UPDATE entry SET body = x'ff' WHERE kind = 'form'")
    assert load(find(root), tmp_path / "cache") == expected


def test_what_marshal_cannot_write_is_not_kept(tmp_path: Path) -> None:
    kept(tmp_path, a=1)
    kept(tmp_path, a=2, b=object())
    assert found(tmp_path) == {"a": 1}


def test_a_folder_that_cannot_be_made_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    kept(tmp_path / "cache", a=1)
    assert found(tmp_path / "cache") == {}
    assert found(tmp_path / "cache" / "below") == {}


def test_an_audit_sees_one_state_while_others_write(tmp_path: Path) -> None:
    kept(tmp_path, a=1, b=1)
    with Store(tmp_path) as reader:
        assert reader.body("form", "a") == 1
        kept(tmp_path, a=2, b=2)
        assert reader.body("form", "b") == 1
    assert found(tmp_path) == {"a": 2, "b": 2}


def test_many_at_a_time(tmp_path: Path) -> None:
    def write(number: int) -> None:
        for _ in range(5):
            kept(tmp_path, a=number, b=number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = found(tmp_path)
    assert now["a"] == now["b"]
