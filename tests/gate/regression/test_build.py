from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from holdfast.errors import UsageError
from holdfast.gate.regression.build import build_at, require_own_code


def test_a_build_is_run_by_its_own_interpreter_where_it_has_one(tmp_path: Path) -> None:
    assert build_at("old", tmp_path).python == sys.executable
    own = tmp_path / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.symlink_to(sys.executable)
    assert build_at("old", tmp_path).python == str(own)


def test_a_folder_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        build_at("old", tmp_path / "none")


@pytest.mark.parametrize("inside", ["", "src"])
def test_code_of_the_folder_is_taken_before_any_that_is_installed(tmp_path: Path, inside: str) -> None:
    package = tmp_path / inside / "httpx2"  # a name that is installed
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    require_own_code(build_at("old", tmp_path), "httpx2:app", os.environ)


def test_installed_code_is_no_build_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not from this folder: the builds would not differ"):
        require_own_code(build_at("new", tmp_path), "httpx2:app", os.environ)


@pytest.mark.parametrize("app", ["nowhere:app", "broken.inner:app"])
def test_a_module_that_is_not_there_is_told(tmp_path: Path, app: str) -> None:
    (tmp_path / "broken.py").write_text("raise RuntimeError('no')\n")
    with pytest.raises(UsageError, match="cannot be found: "):
        require_own_code(build_at("new", tmp_path), app, os.environ)
