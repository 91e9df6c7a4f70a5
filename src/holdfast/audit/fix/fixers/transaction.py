"""HF502: what was written is committed before another service is called."""

from __future__ import annotations

import libcst as cst

from holdfast.audit.fix.case import Case
from holdfast.audit.fix.edit import Fix
from holdfast.audit.graph.program import statements
from holdfast.audit.source import form
from holdfast.audit.source.inside import own, parts

__all__ = ["fix"]

_SESSIONS = {
    "sqlalchemy.ext.asyncio.AsyncSession": "await ",
    "sqlalchemy.ext.asyncio.AsyncConnection": "await ",
    "sqlalchemy.orm.Session": "",
}


def fix(case: Case) -> Fix | None:
    """Commit in the line above the call, where one session is at hand."""
    sessions = set(_sessions(case))
    calls = case.draft.calls(case.finding.line, case.finding.column - 1)
    line = next(
        (one for one in case.draft.around(calls[0]) if isinstance(one, cst.SimpleStatementLine))
        if calls
        else iter(()),
        None,
    )
    if len(sessions) != 1 or line is None:
        return None
    [(name, awaits)] = sessions

    def committed(line: cst.SimpleStatementLine) -> cst.FlattenSentinel[cst.BaseStatement]:
        new = cst.parse_statement(f"{awaits}{name}.commit()", config=case.draft.module.config_for_parsing)
        new = new.with_changes(leading_lines=line.leading_lines)
        return cst.FlattenSentinel([new, line.with_changes(leading_lines=())])

    return case.fix(
        "commits before the call",
        (line, committed),
        check="what has to be undone, or found again later, when the call then fails: it was all or nothing "
        "before; and that the session keeps its rows after a commit (expire_on_commit=False)",
    )


def _sessions(case: Case) -> list[tuple[str, str]]:
    """Return the parameters that are used as sessions, and how their methods are called."""
    key = case.key()
    if key is None:
        return []
    parameters = {parameter.name for parameter in case.whole.program.function(key).parameters}
    return [
        (part[1], _SESSIONS[path])
        for statement in statements(case.whole.program.function(key).body)
        for value in own(statement)
        for part in parts(value)
        if part[0] == form.NAME and part[1] in parameters
        for path in case.whole.named(part, key)
        if path in _SESSIONS
    ]
