"""A file that fixes change: its nodes and their places, and its bytes when all changes are made."""

from __future__ import annotations

import ast
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TypeVar

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

from holdfast.audit.fix.edit import Change, Fix
from holdfast.audit.fix.header import Statement, with_imports, with_statements

__all__ = ["Clash", "Draft"]

_NEWLINE = re.compile(r"\r\n|\r|\n")
_Node = TypeVar("_Node", bound=cst.CSTNode)


class Clash(Exception):
    """Changes that cannot stand together in one file, or would not be Python."""


class Draft:
    """The source `data` of `file`. What libcst cannot give back byte by byte is not touched.

    Raises cst.ParserSyntaxError for what it cannot parse, ValueError for what it cannot decode or give back.
    """

    def __init__(self, file: str, data: bytes) -> None:
        self.file = file
        module = cst.parse_module(data)
        if module.bytes != data:
            raise ValueError("its formatting would not be kept")
        self._wrapper = MetadataWrapper(module, unsafe_skip_copy=True)  # a parsed tree has each node once
        self._data = data

    @property
    def module(self) -> cst.Module:
        """Its tree."""
        return self._wrapper.module

    def calls(self, line: int, column: int) -> list[cst.Call]:
        """Return the calls that begin at a place as `ast` counts it (from 1, and in bytes from 0).

        `a().b()` are two, the outer one first.
        """
        lines = _NEWLINE.split(self.module.code)
        before = lines[line - 1].encode()[:column] if line <= len(lines) else b""
        return self._calls.get((line, len(before.decode(errors="replace"))), [])

    @cached_property
    def _calls(self) -> dict[tuple[int, int], list[cst.Call]]:
        found: dict[tuple[int, int], list[cst.Call]] = defaultdict(list)
        for node, span in self._wrapper.resolve(PositionProvider).items():
            if isinstance(node, cst.Call):
                found[span.start.line, span.start.column].append(node)
        for calls in found.values():
            if len(calls) > 1:
                calls.sort(key=lambda call: -len(self.module.code_for_node(call)))
        return found

    def line(self, node: cst.CSTNode) -> int:
        """Return the line that a node begins in."""
        return int(self._wrapper.resolve(PositionProvider)[node].start.line)

    def functions(self, name: str, line: int) -> list[cst.FunctionDef]:
        """Return the functions of a name whose `def` or decorators stand in a line."""
        return [
            one
            for one in self.every(cst.FunctionDef)
            if one.name.value == name and line in (self.line(one), self.line(one.name))
        ]

    def every(self, kind: type[_Node]) -> Iterator[_Node]:
        """Yield all nodes of a kind."""
        for node in self._wrapper.resolve(ParentNodeProvider):
            if isinstance(node, kind):
                yield node

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield what a node lies in, from the inside out."""
        parents = self._wrapper.resolve(ParentNodeProvider)
        while (parent := parents.get(node)) is not None:
            yield parent
            node = parent

    def parent(self, node: cst.CSTNode) -> cst.CSTNode:
        """Return what a node lies in directly."""
        return next(self.around(node))

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """Return the function in whose body a node stands by itself.

        None within a lambda, a comprehension, a class, a decorator or a default.
        """
        inner: cst.CSTNode = node
        for outer in self.around(node):
            if isinstance(outer, cst.Lambda | cst.BaseComp | cst.ClassDef):
                return None
            if isinstance(outer, cst.FunctionDef):
                return outer if inner is outer.body else None
            inner = outer
        return None

    def names(self, within: cst.CSTNode | None = None) -> set[str]:
        """Return every name that occurs in a part, or at all, so that a new one can differ from them."""
        if within is None:
            return self._names
        return {cst.ensure_type(one, cst.Name).value for one in m.findall(within, m.Name())}

    @cached_property
    def _names(self) -> set[str]:
        return {one.value for one in self.every(cst.Name)}

    def rendered(self, fixes: Iterable[Fix]) -> bytes:
        """Return the source after `fixes`, what they change of this file; raise `Clash` where that fails."""
        changes: dict[cst.CSTNode, list[Change]] = defaultdict(list)
        imports: set[tuple[str, str]] = set()
        tops: dict[str, str] = {}
        for fix in fixes:
            for edit in fix.edits:
                if edit.file == self.file:
                    changes[edit.node].append(edit.change)
            imports.update((one.module, one.name) for one in fix.imports if one.file == self.file)
            tops.update((one.name, one.code) for one in fix.tops if one.file == self.file)
        try:
            module = self.module.with_changes(body=list(self._body(changes)))
            if tops:
                module = with_statements(module, "".join(tops.values()))
            data = with_imports(module, imports).bytes
        except (cst.CSTValidationError, UnicodeEncodeError) as error:
            raise Clash(str(error)) from None
        if self._compiles and not _compiles(data):
            raise Clash("the result would not compile")
        return data

    def _body(self, changes: dict[cst.CSTNode, list[Change]]) -> Iterator[Statement]:
        """Yield the statements of the module; only those with changes inside are walked through."""
        touched = {([node, *self.around(node)])[-2] for node in changes}
        for line in self.module.body:
            if line not in touched:
                yield line
                continue
            changed = line.visit(_Changes(changes))
            if isinstance(changed, cst.FlattenSentinel):
                yield from changed
            elif not isinstance(changed, cst.RemovalSentinel):
                yield changed

    @cached_property
    def _compiles(self) -> bool:
        return _compiles(self._data)


class _Changes(cst.CSTTransformer):
    def __init__(self, changes: dict[cst.CSTNode, list[Change]]) -> None:
        super().__init__()
        self._changes = changes

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> cst.CSTNode:  # type: ignore[override]
        for change in self._changes.get(original_node, ()):
            if type(updated_node) is not type(original_node):
                raise Clash("another fix changes the same place")
            updated_node = change(updated_node)  # type: ignore[assignment]
        return updated_node


def _compiles(data: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(ast.parse(data), "<draft>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True
