from __future__ import annotations

import ast
import random
import textwrap
from pathlib import Path

import pytest

from holdfast.audit.source import form, read
from holdfast.audit.source.form import Module
from holdfast.audit.source.read import read_text


def test_what_matters_is_kept() -> None:
    module = read_text("m.py", b"import a.b as c\nfrom .d import e\nx = c.f(1, k=e)\n")
    assert module.imports == {"c": "a.b", "e": ".d.e"}
    [statement] = module.body
    call = (
        form.CALL,
        (form.ATTR, (form.NAME, "c"), "f"),
        ((form.NUMBER, 1),),
        (("k", (form.NAME, "e")),),
        3,
        4,
    )
    assert statement == (form.ASSIGN, (form.NAME, "x"), call, 3)


def test_functions_know_their_class_and_the_function_around_them() -> None:
    text = """
    class A:
        async def m(self, x: int = 1, *y, z=None, **k):
            def inner():
                yield 1
            return lambda: inner()
    """
    module = read_text("m.py", textwrap.dedent(text).encode())
    method, inner, function = module.functions
    assert (method.name, method.asynchronous, method.generator, method.owner) == ("m", True, False, 0)
    assert [one.kind for one in method.parameters] == [
        "positional",
        "positional",
        "args",
        "keyword",
        "kwargs",
    ]
    assert (inner.name, inner.generator, inner.within, inner.owner) == ("inner", True, method.index, None)
    assert (function.name, function.within) == ("", method.index)
    assert module.classes[0].functions == {"m": method.index}


def test_a_file_that_cannot_be_parsed_is_read_as_far_as_possible() -> None:
    module = read_text("old.py", b"import time\n\nprint 'hello'\n\ndef f():\n    time.sleep(1)\n")
    assert [function.name for function in module.functions] == ["f"]
    assert module.functions[0].line == 5
    [trouble] = module.troubles
    assert trouble.line == 3
    assert trouble.message.startswith("not valid in Python 3.")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"# -*- coding: nonsense -*-\nx = 1\n", "unknown encoding: nonsense"),
        (b"x = '\xff'\n", "invalid or missing encoding declaration"),
    ],
)
def test_what_is_not_the_text_it_says_is_read_as_latin_1(data: bytes, message: str) -> None:
    module = read_text("m.py", data)
    assert len(module.body) == 1
    [trouble] = module.troubles
    assert trouble.message.startswith("read as Latin-1: ")
    assert message in trouble.message


def test_an_encoding_that_is_declared_is_used() -> None:
    assert read_text("m.py", b"# coding: latin-1\nx = f('\xe9')\n").troubles == ()


def test_a_file_that_is_too_large_or_gone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "LARGEST", 10)
    large = tmp_path / "large.py"
    large.write_text("x = 'more than ten'\n")
    assert "more than" in read.read("large.py", large).troubles[0].message
    assert "No such file" in read.read("gone.py", tmp_path / "gone.py").troubles[0].message


def test_deep_nesting_ends() -> None:
    deep = read_text("m.py", ("x = " + "+".join(["f()"] * 3000) + "\n").encode())
    assert isinstance(deep, Module)
    assert read_text("m.py", b"x = " + b"(" * 5000 + b")" * 5000).troubles


def test_no_mangled_source_stops_the_reader() -> None:
    source = Path(ast.__file__).read_bytes()[:20_000]
    shuffled = random.Random(7)
    for _ in range(60):
        data = bytearray(source)
        for _ in range(shuffled.randrange(1, 30)):
            start = shuffled.randrange(len(data))
            end = start + shuffled.randrange(1, 40)
            data[start:end] = shuffled.choice(
                [b"", b"\x00", b"\t", b"((", b'"""', b"\xf0\x9f", b"async ", b"\n"]
            )
        assert isinstance(read_text("m.py", bytes(data)), Module)
