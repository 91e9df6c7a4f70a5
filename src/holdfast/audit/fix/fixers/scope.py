"""HF503: a dependency ends, and commits, before the answer is sent."""

from __future__ import annotations

import libcst as cst

from holdfast.audit.fix.arguments import with_keyword
from holdfast.audit.fix.case import Case, last_name
from holdfast.audit.fix.edit import Edit, Fix

__all__ = ["fix"]


def fix(case: Case) -> Fix | None:
    """Add `scope="function"` to each `Depends` of the function."""
    key = case.key()
    if key is None:
        return None
    name = case.whole.program.function(key).name

    def scoped(call: cst.Call) -> cst.Call:
        return with_keyword(call, "scope", cst.SimpleString('"function"'))

    edits = [Edit(file, call, scoped) for file in _files(case, name) for call in _depends(case, file, name)]
    if not edits:
        return None
    return Fix(
        case.finding,
        "ends the dependency before the answer",
        tuple(edits),
        check="no streamed answer or background task uses what it yields; FastAPI 0.121 or later",
    )


def _files(case: Case, name: str) -> list[str]:
    """Return the files that could name the function."""
    return [
        module.path
        for module in case.whole.program.modules
        if module.path == case.finding.file or name in module.imports
    ]


def _depends(case: Case, file: str, name: str) -> list[cst.Call]:
    draft = case.drafts.open(file)
    return [
        call
        for call in (draft.every(cst.Call) if draft is not None else ())
        if last_name(call.func) in ("Depends", "Security")
        and call.args
        and last_name(call.args[0].value) == name
        and not any(arg.keyword is not None and arg.keyword.value == "scope" for arg in call.args)
    ]
