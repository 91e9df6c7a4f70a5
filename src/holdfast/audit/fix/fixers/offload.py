"""HF101, HF102: a call that blocks the event loop is awaited in a thread, there where the loop makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from holdfast.audit.fix.arguments import with_first
from holdfast.audit.fix.case import Case, one_call
from holdfast.audit.fix.draft import Draft
from holdfast.audit.fix.edit import Edit, Fix, Import
from holdfast.audit.fix.threads import belongs_to_thread, objection
from holdfast.audit.graph.reach import Edge
from holdfast.audit.source import form
from holdfast.audit.source.inside import word

__all__ = ["fix"]

_HANDLES = frozenset(
    {
        *(
            "open",
            "io.open",
            "pathlib.Path.open",
            "zipfile.ZipFile",
            "tarfile.open",
            "urllib.request.urlopen",
        ),
        *("socket.create_connection", "smtplib.SMTP", "smtplib.SMTP_SSL", "subprocess.Popen", "os.popen"),
        *("pathlib.Path.iterdir", "pathlib.Path.glob", "pathlib.Path.rglob", "os.walk", "os.scandir"),
        *("concurrent.futures.as_completed", "httpx.stream", "httpx.Client.stream", "PIL.Image.open"),
        *("tempfile.NamedTemporaryFile", "tempfile.TemporaryDirectory"),
    }
)
"""Calls that give something which blocks again when it is used."""

_LAZY = frozenset({"map", "filter", "iter", "zip", "enumerate"})


def fix(case: Case) -> Fix | None:
    """Await the call in a thread; a plain sleep as the loop's own."""
    edges = list(_loop_site(case))
    if not edges:
        return None
    site, caller = edges[0].site, edges[0].caller
    draft = case.drafts.open(case.whole.path(caller[0]))
    if draft is None or site.awaited or site.expression[0] != form.CALL or not _moves(case, edges):
        return None
    call = one_call(draft.calls(site.line, site.column), word(site.expression[1]))
    if call is None or not _in_async(draft, call) or any(belongs_to_thread(case.whole, one) for one in edges):
        return None
    sink = edges[0].sink
    if sink is not None and sink.instead == "asyncio.sleep" and len(call.args) == 1:
        return _of(case, draft, call, _sleep, "asyncio", "awaits asyncio.sleep", "")
    name, module = _runner(draft)
    check = next((why for one in edges if (why := objection(case.whole, one))), "")
    called = draft.module.code_for_node(call.func)
    partial = any(arg.keyword is not None or arg.star == "**" for arg in call.args) and "run_sync" in name
    if partial:
        return None  # anyio takes no keywords
    return _of(case, draft, call, _in_thread(name), module, f"awaits {called} in a thread", check)


def _of(
    case: Case,
    draft: Draft,
    call: cst.Call,
    change: Callable[[cst.Call], cst.Await],
    module: str,
    what: str,
    check: str,
) -> Fix:
    binds = isinstance(draft.parent(call), cst.Attribute | cst.Subscript | cst.Call)

    def awaited(updated: cst.Call) -> cst.Await:
        made = change(updated.with_changes(lpar=(), rpar=()))
        if updated.lpar:
            return made.with_changes(lpar=updated.lpar, rpar=updated.rpar)
        return made.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()]) if binds else made

    imports = (Import(draft.file, module),) if module else ()
    return Fix(case.finding, what, (Edit(draft.file, call, awaited),), imports, check=check)


def _loop_site(case: Case) -> Iterator[Edge]:
    """Yield the edges of the call that an async function makes, behind which the finding lies."""
    finding, whole = case.finding, case.whole
    if finding.rule == "HF101":
        for blocked in whole.blocked:
            first = blocked.chain[0]
            at = (whole.path(first.caller[0]), first.site.line, first.site.column + 1)
            if at == (finding.file, finding.line, finding.column):
                yield from {id(chain[0]): chain[0] for chain in (blocked.chain, *blocked.others)}.values()
        return
    key = case.key()
    for edge in reversed(whole.reach.way(key)) if key is not None else ():
        if edge.callee is not None and whole.program.function(edge.callee).asynchronous:
            return
        if whole.program.function(edge.caller).asynchronous:
            yield edge
            return


def _moves(case: Case, edges: list[Edge]) -> bool:
    """Whether all of what blocks happens within the call, so that nothing is left for later."""
    if edges[0].site.iterated or word(edges[0].site.expression[1]) in _LAZY:
        return False
    for edge in edges:
        if edge.sink is not None and (edge.sink.path in _HANDLES or edge.sink.kind == "lock"):
            return False
        if edge.callee is not None and case.whole.program.function(edge.callee).generator:
            return False
    return True


def _in_async(draft: Draft, call: cst.Call) -> bool:
    """Whether an `await` may stand there, and the call is no coroutine, context or iterator of its own."""
    function = draft.function(call)
    parent = draft.parent(call)
    return (
        function is not None
        and function.asynchronous is not None
        and not isinstance(parent, cst.Await | cst.WithItem | cst.For | cst.From)
    )


def _runner(draft: Draft) -> tuple[str, str]:
    """Return how the file hands calls to threads already, and the module that needs an import."""
    imported = {
        alias.evaluated_name: _module(one)
        for one in draft.every(cst.ImportFrom)
        if not isinstance(one.names, cst.ImportStar)
        for alias in one.names
        if alias.asname is None
    }
    modules = {alias.evaluated_name for one in draft.every(cst.Import) for alias in one.names}
    if "run_in_threadpool" in imported:
        return "run_in_threadpool", ""
    if "asyncio" not in modules and imported.get("to_thread") == "anyio":
        return "to_thread.run_sync", ""
    if "asyncio" not in modules and modules & {"anyio", "anyio.to_thread"}:
        return "anyio.to_thread.run_sync", "anyio"
    return "asyncio.to_thread", "asyncio"


def _module(one: cst.ImportFrom) -> str:
    return one.module.value if isinstance(one.module, cst.Name) else ""


def _sleep(call: cst.Call) -> cst.Await:
    return cst.Await(call.with_changes(func=cst.parse_expression("asyncio.sleep")))


def _in_thread(name: str) -> Callable[[cst.Call], cst.Await]:
    def change(call: cst.Call) -> cst.Await:
        return cst.Await(with_first(call, call.func).with_changes(func=cst.parse_expression(name)))

    return change
