"""HF201: a client that each request opens is opened once, in the app's lifespan."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from holdfast.audit.fix.case import Case
from holdfast.audit.fix.edit import Change, Edit, Fix, Import
from holdfast.audit.fix.lifespan import find

__all__ = ["fix"]

_JARS = ("httpx.", "httpx2.", "requests.", "aiohttp.")
"""Clients that keep cookies: what one user's call is given, the next user's call would send."""


def fix(case: Case) -> Fix | None:
    """Open it around the lifespan's `yield`, and take it from `request.app.state`."""
    path = case.finding.chain[-1].calls if case.finding.chain else ""
    call = case.call(path.rpartition(".")[2])
    key = case.key()
    if call is None or key is None or not _is_root(case):
        return None
    item = case.draft.parent(call)
    block = case.draft.parent(item)
    function = case.draft.function(block)
    if not isinstance(item, cst.WithItem) or not isinstance(block, cst.With) or function is None:
        return None
    if not isinstance(block.body, cst.IndentedBlock) or any(one.comment for one in block.body.footer):
        return None  # its last comment would have no place
    name = item.asname.name if item.asname is not None else None
    if len(block.items) != 1 or not isinstance(name, cst.Name) or not _is_literal(call):
        return None
    lifespan = find(case)
    if lifespan is None:
        return None
    entered = case.draft.module.code_for_node(call)
    shared = lifespan.free(name.value)
    opening = lifespan.opening(entered, shared, block.asynchronous is not None)
    if opening is None:
        return None
    needed = _needed(case, call, lifespan.draft.file)
    if needed is None:
        return None
    request, edits = _request(case, function)
    edits.append(Edit(case.finding.file, block, _taken(name.value, f"{request}.app.state.{shared}")))
    new = Import(case.finding.file, "fastapi", "Request")
    jar = path.startswith(_JARS)
    made_anew = lifespan.function is None
    return Fix(
        case.finding,
        f"opens {path} once, in the lifespan",
        (*edits, *opening[0]),
        (*opening[1], *([new] if len(edits) > 1 else []), *needed),
        check="that no cookie or header of one user stays on it for the next; that tests open the lifespan"
        if jar
        else "that tests open the lifespan, which the app did not have"
        if made_anew
        else "",
    )


def _is_root(case: Case) -> bool:
    """Whether FastAPI calls the function, and would give it the request."""
    key = case.key()
    called = any(edge.callee == key for edges in case.whole.reach.edges.values() for edge in edges)
    kinds = {root.kind for root in case.whole.roots if root.function == key}
    return not called and bool(kinds & {"route", "dependency"})


def _is_literal(call: cst.Call) -> bool:
    """Whether its arguments mean the same at any place."""
    return not any(arg.star or m.findall(arg.value, m.Name() | m.Await()) for arg in call.args)


def _request(case: Case, function: cst.FunctionDef) -> tuple[str, list[Edit]]:
    """Return the name of the request in a function, and what adds it where it is missing."""
    for one in function.params.params:
        if one.annotation is not None and m.matches(one.annotation.annotation, m.Name("Request")):
            return one.name.value, []
    name = case.free("request", function)

    def added(params: cst.Parameters) -> cst.Parameters:
        new = cst.Param(
            cst.Name(name),
            cst.Annotation(cst.Name("Request")),
            comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
            if params.params or params.kwonly_params or params.star_kwarg
            else cst.MaybeSentinel.DEFAULT,
        )
        return params.with_changes(params=[new, *params.params])

    return name, [Edit(case.finding.file, function.params, added)]


def _taken(name: str, shared: str) -> Change:
    def change(block: cst.With) -> cst.FlattenSentinel[cst.BaseStatement]:
        line = cst.parse_statement(f"{name} = {shared}")
        header = cst.ensure_type(block.body, cst.IndentedBlock).header
        taken = line.with_changes(leading_lines=block.leading_lines, trailing_whitespace=header)
        return cst.FlattenSentinel([taken, *block.body.body])

    return change


def _needed(case: Case, call: cst.Call, file: str) -> tuple[Import, ...] | None:
    """Return the imports by which `file` has the constructor's name too; None where that is not plain."""
    if file == case.finding.file:
        return ()
    root = call.func
    while isinstance(root, cst.Attribute):
        root = root.value
    key = case.key()
    module = case.whole.program.modules[key[0]] if key is not None else None
    path = module.imports.get(root.value, "") if module is not None and isinstance(root, cst.Name) else ""
    package, _, name = path.rpartition(".")
    if not path or path.startswith(".") or not isinstance(root, cst.Name):
        return None
    if path == root.value:
        return (Import(file, path),)
    return (Import(file, package, name),) if name == root.value else None
