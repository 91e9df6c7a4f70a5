from __future__ import annotations

import pytest

from holdfast.budget.source.markdown import sections, slug


@pytest.mark.parametrize(
    ("title", "anchor"),
    [
        ("Objectives", "objectives"),
        ("What counts: `5xx` & [shed](x.md)", "what-counts-5xx--shed"),
        ("p99 (in ms)", "p99-in-ms"),
        ("snake_case and -dashes-", "snake_case-and--dashes-"),
        ("Größe, 100 %", "größe-100-"),
        ("**Bold** <b>text</b>", "bold-text"),
    ],
)
def test_anchors_are_those_of_github(title: str, anchor: str) -> None:
    assert slug(title) == anchor


DOCUMENT = """\
# Top
intro
## One
1 s
### Deeper
2 s
## Two ##
3 s
```toml
# not a heading
```
Setext
------
4 s
## One
5 s
<a id="five"></a>
"""


def test_a_section_ends_at_the_next_of_its_level() -> None:
    found = sections(DOCUMENT)
    assert list(found) == ["top", "one", "deeper", "two", "setext", "one-1", "five"]
    assert found["one"].splitlines() == ["## One", "1 s", "### Deeper", "2 s"]
    assert "not a heading" in found["two"]
    assert "4 s" not in found["two"]
    assert found["setext"].splitlines()[-1] == "4 s"
    assert found["five"] == found["one-1"]
    assert "5 s" in found["top"]


def test_a_fence_is_closed_only_by_its_own_kind() -> None:
    assert list(sections("~~~~\n```\n# a\n~~~\n# b\n~~~~\n# c\n")) == ["c"]


def test_a_rule_below_a_table_is_no_heading() -> None:
    assert list(sections("# a\n\n---\n\n| x |\n|---|\n- item\n---\n")) == ["a"]
