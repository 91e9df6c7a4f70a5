"""HF301: a task is kept until it is done."""

from __future__ import annotations

import libcst as cst

from holdfast.audit.fix.case import Case
from holdfast.audit.fix.edit import Change, Fix, Top

__all__ = ["fix"]

_SET = "background_tasks"


def fix(case: Case) -> Fix | None:
    """Name the task, put it into a set of the module, and let it leave when it is done."""
    path = case.finding.chain[-1].calls if case.finding.chain else ""
    call = case.call(path.rpartition(".")[2])
    if call is None:
        return None
    line = case.draft.parent(case.draft.parent(call))
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    top = Top(case.finding.file, _SET, f"{_SET}: set[asyncio.Future[object]] = set()\n")
    if top.code not in case.draft.module.code:
        name = case.free(_SET)
        top = Top(top.file, name, top.code.replace(_SET, name))
    return case.fix(
        f"keeps the task in {top.name} until it is done",
        (line, _keeping(case.free("task", case.draft.function(line)), top.name)),
        imports=(("asyncio", ""),),
        tops=() if top.code in case.draft.module.code else (top,),
    )


def _keeping(task: str, kept: str) -> Change:
    def change(line: cst.SimpleStatementLine) -> cst.FlattenSentinel[cst.BaseStatement]:
        expression = line.body[0]
        assert isinstance(expression, cst.Expr)  # noqa: S101 - looked at when the fix was made
        target = cst.AssignTarget(cst.Name(task))
        made = cst.Assign(targets=[target], value=expression.value)
        end = cst.TrailingWhitespace(newline=line.trailing_whitespace.newline)
        rest = [
            cst.parse_statement(f"{kept}.add({task})").with_changes(trailing_whitespace=end),
            cst.parse_statement(f"{task}.add_done_callback({kept}.discard)").with_changes(
                trailing_whitespace=end
            ),
        ]
        return cst.FlattenSentinel([line.with_changes(body=[made]), *rest])

    return change
