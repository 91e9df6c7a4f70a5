"""Only what a project configures is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.check import Answer, Tool, lint, tests, types, worst
from holdfast.errors import UsageError

FOUND = {
    "mypy in pyproject.toml": (types, "pyproject.toml", "[tool.mypy]\nstrict = true\n", ("mypy", (".",))),
    "mypy that is told what to read": (
        types,
        "pyproject.toml",
        '[tool.mypy]\npackages = ["shop"]\n',
        ("mypy", ()),
    ),
    "mypy.ini": (types, "mypy.ini", "[mypy]\nfiles = shop\n", ("mypy", ())),
    "mypy in setup.cfg": (types, "setup.cfg", "[mypy]\n", ("mypy", (".",))),
    "pyright in pyproject.toml": (types, "pyproject.toml", "[tool.pyright]\n", ("pyright", ())),
    "pyrightconfig.json": (types, "pyrightconfig.json", "{}", ("pyright", ())),
    "ruff in pyproject.toml": (lint, "pyproject.toml", "[tool.ruff]\n", ("ruff", ("check", "."))),
    "ruff.toml": (lint, "ruff.toml", "", ("ruff", ("check", "."))),
    "pytest in pyproject.toml": (tests, "pyproject.toml", "[tool.pytest.ini_options]\n", ("pytest", ())),
    "an empty pytest.ini": (tests, "pytest.ini", "", ("pytest", ())),
    "pytest in tox.ini": (tests, "tox.ini", "[pytest]\n", ("pytest", ())),
    "pytest in setup.cfg": (tests, "setup.cfg", "[tool:pytest]\n", ("pytest", ())),
}


@pytest.mark.parametrize("case", FOUND)
def test_what_is_configured_is_found(case: str, tmp_path: Path) -> None:
    which, file, content, (module, words) = FOUND[case]
    (tmp_path / file).write_text(content)
    tool = which(tmp_path)
    assert tool is not None
    assert (tool.module, tool.words, tool.place) == (module, words, file)
    assert {other(tmp_path) for other in {types, lint, tests} - {which}} == {None}


def test_what_is_not_configured_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    (tmp_path / "setup.cfg").write_text("[metadata]\nname = shop\n")
    (tmp_path / "tox.ini").write_text("[tox]\n")
    found: list[Tool | None] = [each(tmp_path) for each in (types, lint, tests)]
    assert found == [None, None, None]


@pytest.mark.parametrize(("file", "content"), [("pyproject.toml", "[tool\n"), ("setup.cfg", "mypy\n")])
def test_what_cannot_be_read_is_said_with_its_file(file: str, content: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(content)
    with pytest.raises(UsageError) as raised:
        types(tmp_path)
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
