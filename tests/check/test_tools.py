"""Only what a project configures is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.check import Answer, Tool, run, tools, worst
from holdfast.errors import UsageError

FOUND = {
    "mypy in pyproject.toml": (
        tools.types,
        "pyproject.toml",
        "[tool.mypy]\nstrict = true\n",
        ("mypy", (".",)),
    ),
    "mypy that is told what to read": (
        tools.types,
        "pyproject.toml",
        '[tool.mypy]\npackages = ["shop"]\n',
        ("mypy", ()),
    ),
    "mypy.ini": (tools.types, "mypy.ini", "[mypy]\nfiles = shop\n", ("mypy", ())),
    "mypy in setup.cfg": (tools.types, "setup.cfg", "[mypy]\n", ("mypy", (".",))),
    "pyright in pyproject.toml": (tools.types, "pyproject.toml", "[tool.pyright]\n", ("pyright", ())),
    "pyrightconfig.json": (tools.types, "pyrightconfig.json", "{}", ("pyright", ())),
    "ruff in pyproject.toml": (tools.lint, "pyproject.toml", "[tool.ruff]\n", ("ruff", ("check", "."))),
    "ruff.toml": (tools.lint, "ruff.toml", "", ("ruff", ("check", "."))),
    "pytest in pyproject.toml": (
        tools.tests,
        "pyproject.toml",
        "[tool.pytest.ini_options]\n",
        ("pytest", ()),
    ),
    "an empty pytest.ini": (tools.tests, "pytest.ini", "", ("pytest", ())),
    "pytest in tox.ini": (tools.tests, "tox.ini", "[pytest]\n", ("pytest", ())),
    "pytest in setup.cfg": (tools.tests, "setup.cfg", "[tool:pytest]\n", ("pytest", ())),
}


@pytest.mark.parametrize("case", FOUND)
def test_what_is_configured_is_found(case: str, tmp_path: Path) -> None:
    which, file, content, (module, words) = FOUND[case]
    (tmp_path / file).write_text(content)
    tool = which(tmp_path)
    assert tool is not None
    assert (tool.module, tool.words, tool.place) == (module, words, file)
    assert {other(tmp_path) for other in {tools.types, tools.lint, tools.tests} - {which}} == {None}


def test_what_is_not_configured_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    (tmp_path / "setup.cfg").write_text("[metadata]\nname = shop\n")
    (tmp_path / "tox.ini").write_text("[tox]\n")
    found: list[Tool | None] = [each(tmp_path) for each in (tools.types, tools.lint, tools.tests)]
    assert found == [None, None, None]


@pytest.mark.parametrize(("file", "content"), [("pyproject.toml", "[tool\n"), ("setup.cfg", "mypy\n")])
def test_what_cannot_be_read_is_said_with_its_file(file: str, content: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises(UsageError) as raised:
        tools.types(tmp_path)
    assert raised.value.place == file


@pytest.mark.parametrize(
    ("codes", "whole"),
    [
        ((0, None, 0), 0),
        ((0, 5), 5),
        ((5, 3, 0), 3),
        ((3, 1), 1),
        ((1, 4), 4),
        ((4, 2, 1), 2),
        ((None, None), 5),
        ((), 5),
    ],
)
def test_the_worst_is_told(codes: tuple[int | None, ...], whole: int) -> None:
    assert worst([Answer("x", code, "") for code in codes]) == whole


def test_a_tool_that_is_configured_and_missing_is_no_skip(tmp_path: Path) -> None:
    answer = run("types", Tool("nosuch_checker", (), "mypy.ini"), tmp_path)
    assert answer == Answer("types", 2, "nosuch_checker is configured in mypy.ini and not installed")


@pytest.mark.parametrize(("codes", "code"), [({0: 0}, 0), ({0: None}, None), ({}, 5)])
def test_a_code_that_is_not_known_decides_nothing(
    codes: dict[int, int | None], code: int | None, tmp_path: Path
) -> None:
    assert run("types", Tool("this", (), "", codes), tmp_path).code == code
