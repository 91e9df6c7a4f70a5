"""No source stops the audit: its own sources and the examples of all rules, broken at random, are audited."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import holdfast.audit
from holdfast.audit import audit
from holdfast.audit.report.document import document
from holdfast.audit.rules.catalogue import RULES
from tests.audit.project import split

OWN = sorted(Path(holdfast.audit.__file__).parent.rglob("*.py"))
PIECES = (
    *(
        b"(",
        b")",
        b"[",
        b"{",
        b":",
        b"*",
        b"\\",
        b"\n",
        b"    ",
        b"\t",
        b"\r",
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
    ),
    *(
        b"async ",
        b"await ",
        b"yield ",
        b"lambda: ",
        b"Depends()",
        b"'''",
        b'f"{',
        b"# coding: x\n",
        b"print 1",
    ),
)
ROUNDS = 6
FILES = 40


def mangled(source: bytes, rng: random.Random) -> bytes:
    """Return a source with lines, tokens and bytes deleted, doubled, moved and put in."""
    lines = source.splitlines(keepends=True)
    for _ in range(rng.randrange(1, 6)):
        at, how = rng.randrange(len(lines) + 1), rng.random()
        other = rng.randrange(len(lines) + 1)
        if how < 0.2:
            del lines[at : at + rng.randrange(1, 4)]
        elif how < 0.4:
            lines[at:at] = lines[other : other + rng.randrange(1, 4)]
        elif how < 0.5:
            del lines[at + 1 :]
        elif at < len(lines):
            words = lines[at].split(b" ")
            place = rng.randrange(len(words))
            if how < 0.7:
                words[place] = rng.choice(PIECES)
            elif how < 0.8:
                del words[place]
            else:
                words.insert(place, rng.choice(words))
            lines[at] = b" ".join(words)
    data = b"".join(lines)
    return data[: rng.randrange(len(data) + 1)] if rng.random() < 0.1 else data


def written(folder: Path, rng: random.Random) -> None:
    """Write a project of mangled sources, which import each other, and of mangled settings."""
    for number, file in enumerate(rng.sample(OWN, FILES)):
        (folder / f"part{number}.py").write_bytes(mangled(file.read_bytes(), rng))
    for number, rule in enumerate(RULES):
        for name, text in split(rule, rng.choice((rule.bad, rule.good))).items():
            path = folder / f"rule{number}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(mangled(text.encode(), rng))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_mangled_projects_are_audited(seed: int, tmp_path: Path) -> None:
    written(tmp_path, random.Random(seed))
    audited = audit(tmp_path)
    assert audited.files > FILES
    made = document(audited)
    assert len(made["findings"]) == len(audited.findings) > len(RULES) // 4, "what was left whole is judged"
    assert len(made["unread"]) > FILES // 4, "and what was not is named"
    for finding in audited.findings:
        assert (tmp_path / finding.file).is_file()
        assert finding.line >= 1
        assert finding.column >= 1
        assert finding.message


ODD = {
    "empty.py": b"",
    "bom.py": b"\xef\xbb\xbfimport time\n",
    "latin.py": b"# -*- coding: latin-1 -*-\nx = f('\xe9')\n",
    "cookie.py": b"# coding: no-such-thing\nx = 1\n",
    "invalid.py": b"x = '\xff\xfe'\n",
    "utf16.py": "import time\n".encode("utf-16"),
    "nul.py": b"x = 1\x00\ny = 2\n",
    "python2.py": b"print 'x'\nexec 'y'\nraise E, 'z'\n",
    "newer.py": b"type A[T] = list[T]\ndef f[T](x: T): ...\n",
    "deep.py": b"x = " + b"(" * 500 + b")" * 500 + b"\n",
    "sum.py": b"x = " + b"+".join([b"f()"] * 5_000) + b"\n",
    "nested.py": b"".join(b" " * depth + b"if x:\n" for depth in range(90)) + b" " * 90 + b"f()\n",
    "chain.py": b"x = a" + b".b()" * 2_000 + b"\n",
    "long.py": b"x = [" + b"1, " * 100_000 + b"]\n",
    "cr.py": b"import time\rx = 1\r",
    "circle_a.py": b"from circle_b import *\nfrom circle_b import b\ndef a(): return b()\n",
    "circle_b.py": b"from circle_a import *\nfrom circle_a import a\nclass B(B): x = B\ndef b(): a()\n",
    "itself.py": b"import itself\nfrom itself import x\nx = itself.x\nclass A(A.A): a = A.a\n",
    "alias.py": b"Json = str | list['Json'] | A\ntype A = list[Json]\ndef f(x: Json, y: A): x.y(y.x)\n",
    "book.ipynb": b'{"cells": [{"source": ["import time"]}]}',
}


def test_odd_files_are_audited(tmp_path: Path) -> None:
    for name, data in ODD.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "nowhere.py").symlink_to(tmp_path / "gone")
    audited = audit(tmp_path)
    assert audited.files == len(ODD) - 1  # a notebook is no part of a service
    whole = {"empty.py", "bom.py", "latin.py", "sum.py", "cr.py", "itself.py", "long.py", "circle_a.py"}
    assert not whole & audited.unread.keys()
    named = {"chain.py", "cookie.py", "invalid.py", "utf16.py", "nul.py", "python2.py"}
    assert named <= audited.unread.keys()
    for name in ODD:
        assert document(audit(tmp_path / name))["findings"] == []
    assert "notebook" in audit(tmp_path / "book.ipynb").unread["book.ipynb"][0].message
