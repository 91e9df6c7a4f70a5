"""HF801: an upload is read in pieces where it is written on, and refused where it is too large."""

from __future__ import annotations

from typing import Any

import libcst as cst
import libcst.matchers as m

from holdfast.audit.fix.case import Case
from holdfast.audit.fix.edit import Fix
from holdfast.audit.fix.numbers import undecided

__all__ = ["fix"]

_PIECE = 65536
"""Bytes that are read at a time: what asyncio and the kernel's pipes take; no limit of anything."""

_WRITES = m.Call(
    func=m.Attribute(attr=m.Name("write") | m.Name("update")), args=[m.Arg(star="", keyword=None)]
)


def fix(case: Case) -> Fix | None:
    """Read and write piece by piece where the whole is only written on; else check its size before."""
    call = case.call("read")
    if call is None or not isinstance(awaited := case.draft.parent(call), cst.Await):
        return None
    return _in_pieces(case, call, awaited) or _at_most(case, call)


def _in_pieces(case: Case, call: cst.Call, awaited: cst.Await) -> Fix | None:
    parent = case.draft.parent(awaited)
    gone = None
    if isinstance(parent, cst.Assign):
        gone = case.draft.parent(parent)
        used = _only_use(case, parent)
        if used is None or not _is_removable(case, gone):
            return None
        parent = case.draft.parent(used)
    write = case.draft.parent(parent)
    line = _written_alone(case, write) if isinstance(parent, cst.Arg) and m.matches(write, _WRITES) else None
    if line is None or (gone is not None and _within_loop(case, line)):
        return None
    piece = case.free("piece", case.draft.function(call))
    read = awaited.with_deep_changes(call, args=[cst.Arg(cst.Integer(str(_PIECE)))])

    def looped(line: cst.SimpleStatementLine) -> cst.While:
        inner = line.with_changes(leading_lines=())
        inner = inner.visit(_Argument(piece))  # type: ignore[assignment]
        return cst.While(
            test=cst.NamedExpr(cst.Name(piece), read),
            body=cst.IndentedBlock([inner]),
            leading_lines=line.leading_lines,
        )

    changes: list[tuple[cst.CSTNode, Any]] = [(line, looped)]
    if gone is not None:
        changes.append((gone, lambda _: cst.RemoveFromParent()))
    return case.fix("reads the upload piece by piece", *changes)


def _only_use(case: Case, assign: cst.Assign) -> cst.Name | None:
    """Return the one place in the function where the assigned name is read."""
    target = assign.targets[0].target
    function = case.draft.function(assign)
    if len(assign.targets) != 1 or not isinstance(target, cst.Name) or function is None:
        return None
    uses = [one for one in m.findall(function, m.Name(target.value)) if one is not target]
    return uses[0] if len(uses) == 1 and isinstance(uses[0], cst.Name) else None


def _is_removable(case: Case, line: cst.CSTNode) -> bool:
    block = case.draft.parent(line)
    return (
        isinstance(line, cst.SimpleStatementLine)
        and len(line.body) == 1
        and line.trailing_whitespace.comment is None
        and not any(one.comment for one in line.leading_lines)
        and isinstance(block, cst.IndentedBlock)
        and len(block.body) > 1
        and not _within_loop(case, line)
    )


def _within_loop(case: Case, node: cst.CSTNode) -> bool:
    for outer in case.draft.around(node):
        if isinstance(outer, cst.For | cst.While):
            return True
        if isinstance(outer, cst.FunctionDef):
            return False
    return False


def _written_alone(case: Case, write: cst.CSTNode) -> cst.SimpleStatementLine | None:
    """Return the line that a write is alone in, its result unused."""
    outer = case.draft.parent(write)
    outer = case.draft.parent(outer) if isinstance(outer, cst.Await) else outer
    line = case.draft.parent(outer)
    alone = isinstance(outer, cst.Expr) and isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1
    return line if alone and isinstance(line, cst.SimpleStatementLine) else None


class _Argument(cst.CSTTransformer):
    """Puts a name in the place of what is written."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802 - libcst's
        if m.matches(original_node, _WRITES):
            return updated_node.with_changes(args=[cst.Arg(cst.Name(self._name))])
        return updated_node


def _at_most(case: Case, call: cst.Call) -> Fix | None:
    line = next((one for one in case.draft.around(call) if isinstance(one, cst.SimpleStatementLine)), None)
    if line is None or not isinstance(call.func, cst.Attribute):
        return None
    limit = case.named(undecided("UPLOAD_BYTES", "the largest upload"))
    file = case.draft.module.code_for_node(call.func.value)
    test = f"{file}.size is not None and {file}.size > {limit.name}"
    code = f'if {test}:\n    raise HTTPException(413, "too large")\n'

    def checked(line: cst.SimpleStatementLine) -> cst.FlattenSentinel[cst.BaseStatement]:
        first = cst.parse_statement(code, config=case.draft.module.config_for_parsing)
        first = first.with_changes(leading_lines=line.leading_lines)
        return cst.FlattenSentinel([first, line.with_changes(leading_lines=())])

    return case.fix(
        "refuses a larger upload",
        (line, checked),
        imports=(("fastapi", "HTTPException"),),
        tops=case.constants(limit),
        check=f"decide {limit.name}; what is above it gets a 413",
    )
