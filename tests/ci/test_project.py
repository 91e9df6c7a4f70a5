"""How a project is installed, by what it has."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from holdfast.ci import Project, read
from holdfast.errors import UsageError

OURS = "python -m pip install 'holdfast[audit,gate]'"
RUNNING = f"3.{sys.version_info.minor}"
PROJECT = '[project]\nname = "shop"\n'


def project(folder: Path, **files: str) -> Project:
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    return read(folder)


def test_requirements_alone(tmp_path: Path) -> None:
    assert project(tmp_path, requirements_txt="fastapi\n") == Project(
        RUNNING, ("python -m pip install --upgrade pip", "python -m pip install -r requirements.txt", OURS)
    )


def test_requirements_beside_a_package_install_it_without_what_it_asks_for(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        requirements_txt="fastapi==1\n",
        pyproject_toml=PROJECT + '[build-system]\nrequires = ["hatchling"]\n',
    )
    assert found.install[1:3] == (
        "python -m pip install -r requirements.txt",
        "python -m pip install --no-deps -e .",
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    {
        "plain": ("", ("python -m pip install -e .",)),
        "an extra that has holdfast": (
            '[project.optional-dependencies]\nload = ["Holdfast[gate]>=0.1"]\ndocs = ["mkdocs", "?"]\n',
            ("python -m pip install -e '.[load]'",),
        ),
        "a group that has holdfast": (
            '[dependency-groups]\nload = ["holdfast"]\nall = [{ include-group = "load" }]\n',
            ("python -m pip install -e .", "python -m pip install --group load"),
        ),
    }.values(),
)
def test_a_package(tmp_path: Path, text: str, lines: tuple[str, ...]) -> None:
    assert project(tmp_path, pyproject_toml=PROJECT + text).install[1:-1] == lines


def test_a_lock_of_uv_goes_first(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        uv_lock="",
        requirements_txt="fastapi\n",
        pyproject_toml=PROJECT + '[dependency-groups]\nload = ["holdfast"]\n',
    )
    assert found.install == (
        "python -m pip install uv",
        "uv sync --locked --inexact --group load",
        "uv pip install 'holdfast[audit,gate]'",
    )


def test_a_command_of_its_own(tmp_path: Path) -> None:
    assert read(tmp_path, install="make install").install == ("make install", OURS)


@pytest.mark.parametrize(
    ("required", "python"),
    [
        (">=3.9", "3.11"),
        (">=3.12.4", "3.12"),
        ("~=3.13", "3.13"),
        (">=3.10,!=3.11.*", "3.12"),
        ("==3.13.2", "3.13"),
    ],
)
def test_python_is_the_least_that_the_project_allows(tmp_path: Path, required: str, python: str) -> None:
    assert project(tmp_path, pyproject_toml=f'{PROJECT}requires-python = "{required}"\n').python == python


@pytest.mark.parametrize(
    ("text", "said"),
    {
        "nothing": ("", "--install: no uv.lock, no requirements.txt and no [project]"),
        "no TOML": ("[project\n", "pyproject.toml: cannot be read"),
        "no range": (PROJECT + 'requires-python = "three"\n', "requires-python: 'three' is no range"),
        "too old": (PROJECT + 'requires-python = "<3.11"\n', "requires-python: '<3.11' allows no Python"),
    }.values(),
)
def test_a_mistake_has_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        project(tmp_path, pyproject_toml=text)
    assert said in str(raised.value)
