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
    found = m.findall(calls[-1], m.Attribute(attr=m.Name("filename"))) if calls else []
    names = [one for one in found if isinstance(one, cst.Attribute)]
    if not names:
        return None

    def own(_: cst.Attribute) -> cst.BaseExpression:
        return cst.parse_expression("uuid4().hex")

    check = "who looks for the file by the client's name, and whether its ending matters"
    if also := _also_used(case, names):
        check += f"; it is used too in line {', '.join(map(str, also))}"
    return case.fix(
        "names the file itself", *((name, own) for name in names), imports=(("uuid", "uuid4"),), check=check
    )


def _also_used(case: Case, names: list[cst.Attribute]) -> list[int]:
    """Return the lines of the function where the same name stands beside `names`, and stays."""
    function = case.draft.function(names[0])
    same = m.findall(function, m.Attribute(attr=m.Name("filename"))) if function is not None else []
    others = (one for one in same if isinstance(one, cst.Attribute) and one not in names)
    return sorted({case.draft.line(one) for one in others if one.deep_equals(names[0])})
