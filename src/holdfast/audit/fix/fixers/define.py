"""HF101: a route that awaits nothing becomes a `def`, which FastAPI runs in a thread."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from holdfast.audit.fix.case import Case
from holdfast.audit.fix.edit import Fix

__all__ = ["fix"]

_AWAITS = m.OneOf(
    m.Await(),
    m.For(asynchronous=m.Asynchronous()),
    m.With(asynchronous=m.Asynchronous()),
    m.CompFor(asynchronous=m.Asynchronous()),
    m.Yield(),
)


def fix(case: Case) -> Fix | None:
    """Take the `async` away, where nothing else calls the function."""
    key = case.key()
    if key is None or not any(
        root.function == key and root.kind in ("route", "dependency") for root in case.whole.roots
    ):
        return None
    if any(edge.callee == key for edges in case.whole.reach.edges.values() for edge in edges):
        return None
    function = case.whole.program.function(key)
    found = case.draft.functions(function.name, function.line)
    if len(found) != 1 or found[0].asynchronous is None or m.findall(found[0].body, _AWAITS):
        return None

    def plain(node: cst.FunctionDef) -> cst.FunctionDef:
        return node.with_changes(asynchronous=None)

    return case.fix(
        f"runs {function.name} in a thread",
        (found[0], plain),
        check="it runs beside itself then: what it shares with other requests (check-then-act), and that "
        "nothing in it needs the event loop",
    )
