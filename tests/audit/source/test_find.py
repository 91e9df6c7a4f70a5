from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.audit.source.find import find
from holdfast.errors import UsageError


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x = 1\n")


def test_only_the_projects_own_source_is_read(tmp_path: Path) -> None:
    write(tmp_path, "app/main.py", "app/notes.txt", ".venv/lib/x.py", "node_modules/y.py", "env2/pyvenv.cfg")
    write(tmp_path, "env2/lib/z.py", "app/__pycache__/main.py")
    assert [found.path for found in find(tmp_path)] == ["app/main.py"]


def test_links_give_a_file_a_second_name_and_loops_end(tmp_path: Path) -> None:
    write(tmp_path, "common/utils.py", "service/main.py")
    (tmp_path / "service" / "common").symlink_to(tmp_path / "common")
    (tmp_path / "common" / "up").symlink_to(tmp_path)
    (tmp_path / "gone.py").symlink_to(tmp_path / "nothing.py")
    found = {one.path: one.aliases for one in find(tmp_path)}
    assert set(found) == {"common/utils.py", "service/main.py"}
    assert "service/common/utils.py" in found["common/utils.py"]


def test_a_file_alone_can_be_read(tmp_path: Path) -> None:
    write(tmp_path, "main.py")
    assert [found.path for found in find(tmp_path / "main.py")] == ["main.py"]


def test_nothing_is_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: there is no such file or folder"):
        find(tmp_path / "nowhere")


def test_tests_are_read_when_asked_for(tmp_path: Path) -> None:
    write(
        tmp_path, "app/main.py", "app/test_main.py", "tests/helpers.py", "conftest.py", "app/latest_news.py"
    )
    assert [found.path for found in find(tmp_path)] == ["app/latest_news.py", "app/main.py"]
    assert len(find(tmp_path, tests=True)) == 5
