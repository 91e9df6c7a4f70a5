"""HF802: a file of a client gets a name of our own."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from holdfast.audit.fix.case import Case
from holdfast.audit.fix.edit import Fix

__all__ = ["fix"]


def fix(case: Case) -> Fix | None:
    """Put `uuid4().hex` in the place of the client's name."""
    calls = case.draft.calls(case.finding.line, case.finding.column - 1)
    names = list(m.findall(calls[-1], m.Attribute(attr=m.Name("filename")))) if calls else []
    if not names:
        return None

    def own(_: cst.Attribute) -> cst.BaseExpression:
        return cst.parse_expression("uuid4().hex")

    return case.fix(
        "names the file itself",
        *((name, own) for name in names),
        imports=(("uuid", "uuid4"),),
        check="who looks for the file by the client's name, and whether its ending matters",
    )
