"""Whatever the formatting: what fixes make compiles, keeps all else, and is left alone by a second run."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.audit.fix.catalogue import FIXERS
from holdfast.audit.fix.mend import Mended
from holdfast.audit.rules.catalogue import RULES
from tests.audit.fix.mending import mended, project

BAD = {rule.code: rule.bad.lstrip("\n") for rule in RULES if rule.code in FIXERS}
WRITTEN = frozenset({"HF101", "HF102", "HF202", "HF301", "HF506", "HF801"})
"""Rules whose bad example is mended without a look; the others are shown, and tried in two forms only."""
BUDGET = """
[service]
name = "service"
app = "main:app"
replicas = { min = 1, max = 2, surge = 1 }
workers = 2

[traffic]
peak = "100/s"

[deadline]
default = "2s"

[dependency.db]
kind = "postgres"
held = "8ms"
max_connections = 100
"""


def commented(text: str) -> str:
    lines = [
        f"{line}  # note {number}" if line else "# apart" for number, line in enumerate(text.split("\n"))
    ]
    return '"""A service."""\n' + "\n".join(lines)


def nested(text: str) -> str:
    body = "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
    return f"def make():\n{body}\n    return locals()\n\n\nmade = make()\n"


def decorated(text: str) -> str:
    return text.replace("\nasync def", "\n@plain\nasync def").replace(
        "\n\napp =", "\n\n\ndef plain(function):\n    return function\n\n\napp =", 1
    )


MANGLED: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "crlf": lambda text: b"\xef\xbb\xbf" + text.rstrip("\n").replace("\n", "\r\n").encode(),
    "tabs": lambda text: text.replace("    ", "\t").encode(),
    "commented": lambda text: commented(text).encode(),
    "nested": lambda text: nested(text).encode(),
    "decorated": lambda text: decorated(text).encode(),
}


@pytest.mark.parametrize("how", MANGLED)
def test_fixes_hold_over_every_formatting(how: str, tmp_path: Path) -> None:
    applied, shown = 0, 0
    for code, text in BAD.items():
        if code not in WRITTEN and how not in ("plain", "commented"):
            continue
        before = MANGLED[how](text)
        ast.parse(before)
        root = project(tmp_path / code, {"main.py": before, "holdfast.toml": BUDGET})
        result = mended(root)
        after = result.texts.get("main.py", before)
        applied, shown = applied + len(result.applied), shown + len(result.shown)
        for one in (after, *(each.after["main.py"] for each in result.shown)):
            compile(one, code, "exec")
            assert comments(before) <= comments(one), code
        assert list(untouched(before, result)) == [], code
        assert (b"\r\n" in after) == (b"\r\n" in before)
        assert after.count(b"\n") - after.count(b"\r\n") == 0 or b"\r\n" not in before
        if result.texts:
            (root / "main.py").write_bytes(after)
            assert mended(root).texts == {}, code
    assert applied >= 3
    assert shown >= 1


def comments(data: bytes) -> set[str]:
    return {
        token.string
        for token in tokenize.tokenize(io.BytesIO(data).readline)
        if token.type == tokenize.COMMENT
    }


def untouched(before: bytes, result: Mended) -> Iterator[str]:
    """Yield the functions and classes that have no finding, and are not there any more as they were."""
    text = before.decode("utf-8-sig")
    after = result.texts.get("main.py", before).decode("utf-8-sig")
    lines = {fix.finding.line for fix in result.applied}
    lines |= {step.line for fix in result.applied for step in fix.finding.chain}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            source = ast.get_source_segment(text, node)
            held = not lines.isdisjoint(range(node.lineno, (node.end_lineno or 0) + 1))
            if source is not None and source not in after and not held:
                yield node.name
