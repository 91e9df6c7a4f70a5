"""From a file to its form: bytes, text, tree. Nothing that is read is run, and no file stops the audit.

A file that this Python cannot parse is read as far as possible: its top-level statements one by one, without
the lines that make no sense. What could not be read is named in the module's `troubles`.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path

from holdfast.audit.source.form import Module, Trouble
from holdfast.audit.source.repair import repaired
from holdfast.audit.source.summary import summarise, summarise_in_part

__all__ = ["LARGEST", "read", "read_text"]

LARGEST = 4 << 20
"""Bytes of a file that is still read: what is larger was generated, and no person mends it."""

_DEEPEST = 20_000
"""Frames that a deeply nested expression may take: generated tables nest thousands of operators."""
_USUAL = 400
"""Frames that any other takes, four to a call of a call. What follows forms takes half as many, of the 1,000
that Python grants."""


def read(path: str, file: Path) -> Module:
    """Return the form of `file`, shown as `path`."""
    try:
        size = file.stat().st_size
        if size > LARGEST:
            return _unread(path, f"not read: {size >> 20} MiB, more than {LARGEST >> 20}")
        data = file.read_bytes()
    except OSError as error:
        return _unread(path, f"not read: {error.strerror}")
    return read_text(path, data)


def read_text(path: str, data: bytes) -> Module:
    """Return the form of the source `data`."""
    if path.endswith(".ipynb"):
        return _unread(path, "not read: a notebook, which no service imports")
    text, wrong = _decoded(data)
    lines = text.count("\n") + 1
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEEPEST))
    try:
        tree, troubles = _parsed(text)
        sys.setrecursionlimit(_frames() + _USUAL)
        try:
            return summarise(tree, path, lines, wrong + troubles)
        except RecursionError:
            sys.setrecursionlimit(max(limit, _DEEPEST))
            return summarise_in_part(tree, path, lines, wrong + troubles)
    except (RecursionError, MemoryError):
        return _unread(path, "not read: nested too deeply")
    finally:
        sys.setrecursionlimit(limit)


def _frames() -> int:
    """Return how deep the stack is."""
    frame, depth = sys._getframe(), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    return depth


def _decoded(data: bytes) -> tuple[str, list[Trouble]]:
    """Return the text; where it is not what it says it is, as Latin-1, in which every byte is a letter."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding), []
    except (SyntaxError, ValueError, LookupError) as error:
        return data.decode("latin-1"), [Trouble(1, f"read as Latin-1: {error}")]


def _parsed(text: str) -> tuple[ast.Module, list[Trouble]]:
    try:
        return _tree(text), []
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        message = getattr(error, "msg", None) or str(error)
        trouble = Trouble(line, f"not valid in Python {sys.version_info[0]}.{sys.version_info[1]}: {message}")
        return _recovered(text), [trouble]


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the source that is read, such as an invalid escape
        return ast.parse(text)


def _recovered(text: str) -> ast.Module:
    """Return the tree of the statements that can be parsed, each at its line."""
    body: list[ast.stmt] = []
    for line, part in _statements(text):
        tree = repaired(part, _tree)
        if tree is not None:
            ast.increment_lineno(tree, line - 1)
            body.extend(tree.body)
    return ast.Module(body=body, type_ignores=[])


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield the top-level statements of a file as far as they can be told apart, with their first lines.

    A line that begins in the first column, and is not within a bracket or a text, begins a statement; those
    that close or continue one do not. Decorators belong to what follows them.
    """
    lines = text.splitlines(keepends=True)
    current: list[str] = []
    start, decorated = 1, False
    for number, line in enumerate(lines, 1):
        begins = line[:1] not in ("", " ", "\t", "\n", "\r", "#", ")", "]", "}")
        continues = line.startswith(("else:", "elif ", "except", "finally:"))
        if begins and not continues and not decorated:
            if current:
                yield start, "".join(current)
            start, current = number, []
        current.append(line)
        if begins:
            decorated = line.startswith("@")
    if current:
        yield start, "".join(current)


def _unread(path: str, message: str) -> Module:
    return Module(path, 0, troubles=(Trouble(0, message),))
