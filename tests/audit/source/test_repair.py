"""Of a source that this Python cannot parse, what stands around its mistakes is read."""

from __future__ import annotations

import ast
import textwrap

import pytest

from holdfast.audit.source.read import read_text
from holdfast.audit.source.repair import repaired

NEWER = {
    "type parameters": (
        "class Box[T: (int, str)](Base):\n    def get[U](self, x: U) -> T:\n        return f()\n"
    ),
    "a type alias": "type Pair[T] = tuple[T, T]\ndef get():\n    return f()\n",
    "exceptions without brackets": "def get():\n    try:\n        f()\n    except A, b.B:\n        f()\n",
    "a template": "def get():\n    return f(t'{x}')\n",
}
BROKEN = {
    "Python 2": "def get():\n    print 'x'\n    return f()\n",
    "a line of a class": "class A:\n    x = = 3\n    def get(self):\n        return f()\n",
    "a head": "class A:\n    def get(self:\n        return f()\n    def other(self):\n        return f()\n",
    "a branch": "def get():\n    if x ==:\n        f()\n    else:\n        f()\n",
    "a handler": "def get():\n    try:\n        f()\n    except A as:\n        f()\n",
    "a lone else": "def get():\n    f()\n    else\n    f()\n",
}


@pytest.mark.parametrize("name", NEWER | BROKEN)
def test_functions_and_calls_are_found(name: str) -> None:
    text = (NEWER | BROKEN)[name]
    module = read_text("m.py", text.encode())
    assert len(module.troubles) <= 1
    assert {"get", "other"} & {one.name for one in module.functions}
    lines = [number for number, line in enumerate(text.splitlines(), 1) if "return f(" in line]
    found = [body[-1] for one in module.functions for body in one.body]
    assert not lines or lines[-1] in found, "each at its own line"


@pytest.mark.parametrize(
    "text", ["", "\n", ")", "\x00", "(" * 300, "'''", "if", "\\", "\u20ac\n", "x = [\n" * 60]
)
def test_it_ends(text: str) -> None:
    tree = repaired(text, ast.parse)
    assert tree is None or isinstance(tree, ast.Module)


def test_a_whole_file() -> None:
    text = textwrap.dedent(
        """
        import time
        class Service[T]:
            async def slow(self):
                try:
                    time.sleep(1)
                except ValueError, KeyError:
                    pass
        """
    )
    module = read_text("m.py", text.encode())
    assert module.classes[0].functions == {"slow": 0}
    assert module.functions[0].line == 4
