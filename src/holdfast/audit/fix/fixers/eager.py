"""HF501, HF506: a relation that a loop reads is loaded with its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst
import libcst.matchers as m

from holdfast.audit.fix.case import Case, last_name
from holdfast.audit.fix.edit import Fix

__all__ = ["fix"]

_AWAITABLE = m.Await(m.Attribute(m.Attribute(m.Name(), m.Name("awaitable_attrs")), m.Name()))


def fix(case: Case) -> Fix | None:
    """Add `.options(selectinload(...))` to the one `select` of the function that gives the loop its rows."""
    key = case.key()
    if key is None:
        return None
    known = case.whole.program.function(key)
    found = case.draft.functions(known.name, known.line)
    selects = list(_selects(found[0])) if len(found) == 1 else []
    if len(selects) != 1:
        return None
    [(select, table)] = selects
    reads = list(_lazy(case, found[0]) if case.finding.rule == "HF506" else _awaited(case, found[0]))
    names = {_relation(read) for read in reads}
    if not names:
        return None
    options = [f"selectinload({table}.{name})" for name in sorted(names)]
    plain = [(read, _plain) for read in reads if isinstance(read, cst.Await)]
    return case.fix(
        f"loads {', '.join(sorted(names))} with the rows",
        (select, _with_options(options)),
        *plain,
        imports=(("sqlalchemy.orm", "selectinload"),),
    )


def _selects(function: cst.FunctionDef) -> Iterator[tuple[cst.Call, str]]:
    """Yield the calls that ask for rows of one class, `select(X)` and `session.query(X)`, and its name."""
    for call in m.findall(function.body, m.Call(func=m.Name("select") | m.Attribute(attr=m.Name("query")))):
        if isinstance(call, cst.Call) and len(call.args) == 1 and isinstance(call.args[0].value, cst.Name):
            yield call, call.args[0].value.value


def _lazy(case: Case, function: cst.FunctionDef) -> Iterator[cst.CSTNode]:
    """Yield the reads of the relation that the finding names as `Class.name`."""
    name = case.finding.message.partition("`")[2].partition("`")[0].rpartition(".")[2]
    yield from m.findall(function.body, m.Attribute(value=m.Name(), attr=m.Name(name)))


def _awaited(case: Case, function: cst.FunctionDef) -> Iterator[cst.CSTNode]:
    """Yield the `await row.awaitable_attrs.name` of the finding's line, of the rows that the loop binds."""
    for loop in m.findall(function.body, m.For(target=m.Name())):
        assert isinstance(loop, cst.For)  # noqa: S101 - what was asked for
        row = last_name(loop.target) if isinstance(loop.target, cst.Name) else ""
        for read in m.findall(loop.body, _AWAITABLE):
            assert isinstance(read, cst.Await)  # noqa: S101 - what was asked for
            owner = cst.ensure_type(
                cst.ensure_type(read.expression, cst.Attribute).value, cst.Attribute
            ).value
            if last_name(owner) == row and case.draft.line(read) == case.finding.line:
                yield read


def _relation(read: cst.CSTNode) -> str:
    value = read.expression if isinstance(read, cst.Await) else read
    return value.attr.value if isinstance(value, cst.Attribute) else ""


def _plain(read: cst.Await) -> cst.Attribute:
    value = cst.ensure_type(read.expression, cst.Attribute)
    owner = cst.ensure_type(value.value, cst.Attribute).value
    return value.with_changes(value=owner, lpar=read.lpar, rpar=read.rpar)


def _with_options(options: list[str]) -> Callable[[cst.Call], cst.Call]:
    args = [cst.Arg(cst.parse_expression(one)) for one in options]

    def change(select: cst.Call) -> cst.Call:
        if last_name(select.func) == "options":
            return select.with_changes(args=[*select.args, *args])
        return cst.Call(cst.Attribute(select, cst.Name("options")), args)

    return change
