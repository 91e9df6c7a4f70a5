"""HF302: calls that are gathered go a few at a time."""

from __future__ import annotations

import libcst as cst

from holdfast.audit.fix.case import Case
from holdfast.audit.fix.edit import Fix
from holdfast.audit.fix.numbers import undecided

__all__ = ["fix"]

_BOUNDED = """\
{slots} = asyncio.Semaphore({limit})

async def {bounded}(call):
    async with {slots}:
        return await call

"""


def fix(case: Case) -> Fix | None:
    """Put a semaphore around each call of a gathered comprehension."""
    call = case.call("gather")
    spread = [arg.value for arg in call.args if arg.star == "*"] if call is not None else []
    line = next(
        (one for one in case.draft.around(call) if isinstance(one, cst.SimpleStatementLine))
        if call
        else iter(()),
        None,
    )
    if len(spread) != 1 or not isinstance(spread[0], cst.ListComp | cst.GeneratorExp) or line is None:
        return None
    limit = case.named(undecided("AT_A_TIME", "calls of one request that run at a time"))
    function = case.draft.function(line)
    bounded, slots = case.free("bounded", function), case.free("slots", function)
    code = _BOUNDED.format(slots=slots, bounded=bounded, limit=limit.name)

    def before(line: cst.SimpleStatementLine) -> cst.FlattenSentinel[cst.BaseStatement]:
        made = cst.parse_module(code, config=case.draft.module.config_for_parsing).body
        first = made[0].with_changes(leading_lines=line.leading_lines)
        return cst.FlattenSentinel(
            [first, *made[1:], line.with_changes(leading_lines=[cst.EmptyLine(indent=False)])]
        )

    def wrapped(element: cst.BaseExpression) -> cst.Call:
        return cst.Call(cst.Name(bounded), [cst.Arg(element)])

    if not isinstance(spread[0].elt, cst.Call):
        return None
    return case.fix(
        f"gathers {limit.name} at a time",
        (line, before),
        (spread[0].elt, wrapped),
        imports=(("asyncio", ""),),
        tops=case.constants(limit),
        check=f"decide {limit.name}; the list needs a largest length too",
    )
