from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from holdfast.budget.metadata import Decision, Mechanism
from holdfast.budget.model import Budget, Section
from holdfast.budget.numbers import explained, unit_of
from holdfast.budget.reference import render

DOCUMENT = Path(__file__).parents[2] / "docs" / "budget.md"


def sections(kind: Any = Budget) -> Iterator[type[Section]]:
    if isinstance(kind, type) and issubclass(kind, Section):
        yield kind
        for field in kind.model_fields.values():
            yield from sections(field.annotation)
    else:
        for inner in get_args(kind):
            yield from sections(inner)


def test_the_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render(), (
        "python -m holdfast.budget.reference > docs/budget.md"
    )


def test_every_key_is_explained() -> None:
    tables = {"source", "deferred"}
    for section in sections():
        for name, field in section.model_fields.items():
            holds_a_section = any(True for _ in sections(field.annotation))
            assert explained(field) or holds_a_section or name in tables, (section, name)


def test_every_option_is_a_value_of_its_key() -> None:
    checked, tables = 0, {"without", "route"}
    for section in sections():
        for name, field in section.model_fields.items():
            known = explained(field)
            if isinstance(known, Decision) and unit_of(field)[0] != "text" and name not in tables:
                for option in known.options:
                    data = {name: float(option.value) if unit_of(field)[0] == "factor" else option.value}
                    rest = {"kind": "http", "of": "db"}  # what a section cannot be without
                    data |= {key: rest[key] for key in rest if key in section.model_fields}
                    assert getattr(section.model_validate(data), name) is not None
                    checked += 1
    assert checked > 40


def test_every_default_is_cited_by_its_address() -> None:
    for section in sections():
        for field in section.model_fields.values():
            known = explained(field)
            if isinstance(known, Mechanism):
                assert known.source.url.startswith("https://")
