"""The locator against documents whose places are known because the test wrote them."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from holdfast.budget.locate import lines_of

KEYS = st.text("abcXYZ019_- ./é\"\\#=[]{}',", min_size=1, max_size=6)
SCALARS = st.one_of(
    st.integers(-1000, 1000).map(str),
    st.sampled_from(
        ["1.5", "1e6", "-0.1", "true", "1979-05-27", "1979-05-27T07:32:00Z", "inf", "07:32:00.5"]
    ),
    st.text("ab #[]{}=,.'\"\\", max_size=8).map(json.dumps),
    st.text('ab #[]{}=,."\\', max_size=8).map(lambda text: f"'{text}'"),
    st.sampled_from(
        ['"""a\n[b]\nc = 1 # no"""', "'''x\n\n] }'''", '"""q""\\""""', '""""quoted""""', "''''q'''''"]
    ),
)


def quoted(key: str) -> str:
    return key if key.isascii() and key.replace("_", "").replace("-", "").isalnum() else json.dumps(key)


class Writer:
    """Writes a document and remembers the line of each path that it writes."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.lines: dict[tuple[str | int, ...], int] = {}

    def put(self, text: str) -> None:
        self.text += text

    def note(self, path: tuple[str | int, ...]) -> None:
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], self.text.count("\n") + 1)

    def noise(self) -> None:
        self.put(self.draw(st.sampled_from(["", "", "\n", "# [x] = {\n", '  # """\n', "\t\n"])))

    def value(self, path: tuple[str | int, ...], depth: int, *, inline: bool) -> None:
        kind = self.draw(st.sampled_from(["scalar", "scalar", "list", "table"] if depth else ["scalar"]))
        if kind == "scalar":
            scalar = self.draw(SCALARS)
            self.put("1" if inline and "\n" in scalar else scalar)
        elif kind == "list":
            self.put("[")
            for index in range(self.draw(st.integers(0, 3))):
                if not inline:
                    self.noise_in_list()
                self.note((*path, index))
                self.value((*path, index), depth - 1, inline=inline)
                self.put(",")
            self.put("]")
        else:
            self.put("{ ")
            for index, key in enumerate(self.draw(st.lists(KEYS, max_size=3, unique=True))):
                self.put(", " if index else "")
                self.note((*path, key))
                self.put(f"{quoted(key)} = ")
                self.value((*path, key), depth - 1, inline=True)
            self.put(" }")

    def noise_in_list(self) -> None:
        self.put(self.draw(st.sampled_from(["", " ", "\n", "\n  ", " # ] , }\n"])))

    def pairs(self, table: tuple[str | int, ...]) -> None:
        for key in self.draw(st.lists(KEYS, max_size=3, unique=True)):
            self.noise()
            deeper = self.draw(st.lists(KEYS, max_size=2))
            keys = [key, *deeper]
            self.note((*table, *keys))
            self.put(self.draw(st.sampled_from([".", " . "])).join(map(quoted, keys)) + " = ")
            self.value((*table, *keys), 2, inline=False)
            self.put(self.draw(st.sampled_from(["\n", "  # c = 1\n", " \n\n"])))


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[tuple[str | int, ...], int]]:
    writer = Writer(draw)
    writer.pairs(())
    used: dict[str, int] = {}
    taken = set(writer.lines)
    for _ in range(draw(st.integers(0, 4))):
        name = draw(st.sampled_from(["t1", "t2", "many", "more"]))
        if (name,) in taken:
            continue
        repeated = name in ("many", "more")
        if not repeated and name in used:
            continue
        writer.noise()
        index = used[name] = used.get(name, -1) + 1
        table: tuple[str | int, ...] = (name, index) if repeated else (name,)
        writer.note(table)
        writer.put(f"[[ {name} ]]\n" if repeated else f"[{name}] # [no]\n")
        writer.pairs(table)
        if draw(st.booleans()):
            writer.note((*table, "below"))
            below = f"[{name}.below]\n"
            if (*table, "below") not in taken and below:
                writer.put(below)
                writer.pairs((*table, "below"))
    return writer.text, writer.lines


def paths(value: Any, at: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    found = {at} if at else set()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found |= paths(inner, (*at, key))
    return found


def valid(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


@given(documents(), st.booleans())
def test_every_key_has_the_line_where_it_is_written(
    document: tuple[str, dict[tuple[str | int, ...], int]], windows: bool
) -> None:
    text, lines = document
    data = valid(text)
    assume(data is not None)  # no two keys that collide: the locator sees only what tomllib has accepted
    assert lines_of(text.replace("\n", "\r\n") if windows else text) == lines
    assert set(lines) == paths(data)


def test_a_document_by_hand() -> None:
    text = """\
# a budget
title = "x"

[a.b]
c.d = 1
'e.f' = [
  { g = 1 },  # first
  { g = [1,
         2] },
]

[[list]]
k = '''
[no]
'''
[[list]]
[list.sub]
k = 1
"""
    lines = lines_of(text)
    assert lines["title",] == 2
    assert lines["a",] == lines["a", "b"] == 4
    assert lines["a", "b", "c"] == lines["a", "b", "c", "d"] == 5
    assert lines["a", "b", "e.f"] == 6
    assert lines["a", "b", "e.f", 0] == lines["a", "b", "e.f", 0, "g"] == 7
    assert lines["a", "b", "e.f", 1, "g", 0] == 8
    assert lines["a", "b", "e.f", 1, "g", 1] == 9
    assert lines["list",] == lines["list", 0] == 12
    assert lines["list", 1] == 16
    assert lines["list", 1, "sub"] == 17
    assert lines["list", 1, "sub", "k"] == 18


def test_a_header_after_its_subtable_takes_its_own_line() -> None:
    assert lines_of("[a.b]\nc = 1\n[a]\nd = 1\n")["a",] == 3


def test_a_long_document_takes_linear_time() -> None:
    rows = "".join(f'  {{ send = "GET /{index}", weight = {index} }},\n' for index in range(5000))
    lines = lines_of(f"request = [\n{rows}]\n")
    assert lines["request", 4999, "weight"] == 5001
