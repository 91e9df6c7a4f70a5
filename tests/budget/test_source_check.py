from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.budget import Loaded
from holdfast.budget.source.check import source_findings
from holdfast.budget.source.library import Library

Load = Callable[..., Loaded]
TODAY = datetime.date(2026, 11, 20)


def messages(loaded: Loaded) -> dict[str, str]:
    return {finding.path: finding.message for finding in source_findings(loaded, today=TODAY)}


def test_all_is_well(loaded: Load) -> None:
    assert messages(loaded()) == {}
    assert messages(loaded(environment="ci")) == {}


def test_a_number_that_its_section_does_not_say(loaded: Load) -> None:
    found = source_findings(loaded(('p99 = "300ms"', 'p99 = "299ms"')), today=TODAY)
    assert [finding.path for finding in found] == ["objective.p99"]
    assert found[0].message == "docs/numbers.md#all-of-them does not say 299ms"
    assert found[0].place.endswith("holdfast.toml:8")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("docs/none.md#x", "no such file: docs/none.md"),
        (
            "docs/numbers.md#all-of-then",
            "docs/numbers.md has no heading #all-of-then; did you mean #all-of-them?",
        ),
        ("docs/numbers.md#zzz", "docs/numbers.md has no heading #zzz; it has #numbers, #all-of-them, #ci"),
        ("docs/numbers.md", "names no heading, expected such as docs/numbers.md#numbers"),
        ("docs", "docs cannot be read: Is a directory"),
        ("/nowhere/x.md#x", "no such file: /nowhere/x.md"),
        ("a\\u0000.md#x", "a\x00.md cannot be read: embedded null byte"),
    ],
)
def test_a_source_that_is_not_there(loaded: Load, reference: str, message: str) -> None:
    found = messages(loaded(("docs/numbers.md#all-of-them", reference)))
    assert found == {'source."*"': message}, "said once, not for every number"


def test_a_key_that_covers_nothing(loaded: Load) -> None:
    found = messages(loaded(('"env.ci.*"', '"objective.p9" = "docs/numbers.md#ci"\n"env.cy.*"')))
    assert found == {'source."objective.p9"': "covers no number", 'source."env.cy.*"': "covers no number"}


def test_a_key_may_cover_what_is_still_missing_or_another_environment(loaded: Load) -> None:
    extra = '"objective.recovery" = "docs/numbers.md#ci"\n"env.ci.*"'
    assert messages(loaded(('recovery = "10s"\n', ""), ('"env.ci.*"', extra))) == {}


def test_web_addresses_and_plain_files_are_taken_as_they_are(tmp_path: Path) -> None:
    library = Library(tmp_path)
    assert library.passage("https://example.org/sla").text is None
    assert library.passage("https://example.org/sla").problem == ""
    (tmp_path / "load.json").write_text('{"p99": 0.3}', encoding="utf-8")
    assert library.passage("load.json").text == '{"p99": 0.3}'
    (tmp_path / "bad.md").write_bytes(b"\xff")
    assert library.passage("bad.md#x").problem == "bad.md cannot be read: not UTF-8"
