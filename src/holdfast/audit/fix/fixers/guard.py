"""HF951: the app is held."""

from __future__ import annotations

import libcst as cst

from holdfast.audit.fix.case import Case
from holdfast.audit.fix.edit import Fix

__all__ = ["fix"]


def fix(case: Case) -> Fix | None:
    """Wrap the app where it is made."""
    call = case.call("FastAPI")
    assign = case.draft.parent(call) if call is not None else None
    line = case.draft.parent(assign) if isinstance(assign, cst.Assign) else None
    if not isinstance(assign, cst.Assign) or not isinstance(line, cst.SimpleStatementLine):
        return None
    target = assign.targets[0].target
    if not isinstance(target, cst.Name):
        return None
    name = case.free("hold")
    held = cst.parse_statement(f"{name} = Holdfast({target.value})")

    def wrapped(line: cst.SimpleStatementLine) -> cst.FlattenSentinel[cst.BaseStatement]:
        return cst.FlattenSentinel([line, held])

    found = "the budget found" if case.numbers.present else "write a budget first: holdfast.toml"
    return case.fix(
        "holds the app",
        (line, wrapped),
        imports=(("holdfast", "Holdfast"),),
        check=f"that it is made once, and with {found}" if case.numbers.present else found,
    )
