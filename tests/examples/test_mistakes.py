"""Every mistake has its lines in both forms, found in the code as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from examples.shop import mistakes
from examples.shop.mistakes import Mistake, excerpts, load
from tests.examples.conftest import ROOT

ALL = load()


def test_every_mark_in_the_code_is_listed() -> None:
    for form, word in (("fragile", "mistake"), ("held", "held")):
        paths = [*(mistakes.FOLDER / form).glob("*.py"), mistakes.FOLDER / "holdfast.toml"]
        text = "\n".join(path.read_text() for path in paths)
        marks = re.findall(rf"^ *# {word}: (\S+)$", text, re.MULTILINE)
        assert sorted(marks) == sorted(mistake.slug for mistake in ALL)


@pytest.mark.parametrize("mistake", ALL, ids=[mistake.slug for mistake in ALL])
def test_the_places_hold_the_code(mistake: Mistake) -> None:
    for place, code in (
        (mistake.fragile_place, mistake.fragile_code),
        (mistake.held_place, mistake.held_code),
    ):
        file, line = place.rsplit(":", 1)
        there = (ROOT / file).read_text().splitlines()[int(line) - 1]
        assert code.splitlines()[0] == there.strip()
        assert "# mistake:" not in code
        assert "# held:" not in code
        assert "# end" not in code
        assert len(code.splitlines()) <= 20
    assert mistake.fragile_code != mistake.held_code


@pytest.mark.parametrize("mistake", ALL, ids=[mistake.slug for mistake in ALL])
def test_its_reference_names_the_project(mistake: Mistake) -> None:
    shape = rf"https://github\.com/{mistake.project}/(commit/[0-9a-f]{{40}}|pull/\d+)"
    assert re.fullmatch(shape, mistake.reference)
    assert Path(mistake.file).suffix == ".py"
    assert mistake.title
    assert mistake.harm


MODULE = """
def before(): ...

class Shop:
    # mistake: decorated
    @route("/a")
    async def a(self):
        # mistake: inner
        return [
            1,
        ]

    # mistake: range
    x = 1

    y = 2
    # end
    z = 3
"""


def test_a_mark_reaches_over_its_statement_or_to_its_end() -> None:
    found = {excerpt.slug: excerpt for excerpt in excerpts(MODULE, "mistake", "shop.py")}
    assert found["decorated"].code == '@route("/a")\nasync def a(self):\n    return [\n        1,\n    ]'
    assert found["decorated"].place == "shop.py:6"
    assert found["inner"].code == "return [\n    1,\n]"
    assert found["range"].code == "x = 1\n\ny = 2"
    assert list(excerpts(MODULE, "held", "shop.py")) == []


def test_a_mark_outside_python_reaches_over_its_line() -> None:
    text = '[a]\n# held: one\nx = "1s"\ny = 2\n# held: two\ny = 2\nz = 3\n# end\n'
    assert [excerpt.code for excerpt in excerpts(text, "held", "holdfast.toml")] == [
        'x = "1s"',
        "y = 2\nz = 3",
    ]


def test_a_slug_that_is_marked_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mistakes, "FOLDER", tmp_path / "examples" / "shop")
    one = tmp_path / "one.py"
    one.write_text("# mistake: a\nx = 1\n# mistake: a\ny = 2\n")
    with pytest.raises(ValueError, match=r"one.py:4: a is marked at one.py:2 too"):
        mistakes.marked("mistake", one)
