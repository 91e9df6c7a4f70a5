from __future__ import annotations

import re
from pathlib import Path

from holdfast.telemetry.exposition import FAMILIES
from holdfast.telemetry.exposition.reference import page

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_is_the_one_that_the_code_makes() -> None:
    assert (DOCS / "metrics.md").read_text(encoding="utf-8") == page(), "run `make docs`"


def test_names_are_unique_and_in_base_units() -> None:
    names = [family.name for family in FAMILIES]
    assert len(names) == len(set(names))
    for name in names:
        assert re.fullmatch(r"holdfast(_[a-z0-9]+)+", name)
        assert not re.search(r"(_total|_milli|_ms|_kb|_minutes|_percent)$", name), name


def test_every_metric_that_a_document_names_exists() -> None:
    known = {family.exposed for family in FAMILIES}
    known |= {f"{name}_{suffix}" for name in known for suffix in ("bucket", "sum", "count")}
    for document in DOCS.glob("*.md"):
        for name in re.findall(r"`(holdfast_[a-z0-9_]+)(?:\{[^`]*)?`", document.read_text(encoding="utf-8")):
            assert name in known, f"{document.name} names {name}"
