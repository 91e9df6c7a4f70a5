"""Whether a client waits for all turns of a loop: in a route that reads, or where it says how many."""

from __future__ import annotations

import re

from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.roots import Root
from holdfast.audit.rules.data.loops import Loop
from holdfast.audit.source import form
from holdfast.audit.whole import Whole

__all__ = ["is_waited_for", "reads"]

_ASKS = ("GET", "HEAD", "ROUTE")
_SETTLES = re.compile(
    r"(^|_)(update|trigger|queue|enqueue|start|launch|run|execute|process|sync|refresh|delete|create|save|store|import|"
    r"migrate|dispatch|notify|send|schedule|cleanup|scan|aggregate|recompute|rebuild|backfill)(_|$)"
)
"""Words in the names of functions that do something, wherever they stand."""
_EVERYWHERE = ("dependency", "middleware", "validator", "handler")
_READS = re.compile(
    r"(?<![a-z])(search|query|list|get|fetch|find|filter|lookup|read|show|view|export|feed|stats|summary)"
    r"(?![a-z])"
)
"""Words in the path, or in the name of the function, of what only asks, though it may be a POST."""


def reads(whole: Whole, root: Root) -> bool:
    """Whether a root only reads: a GET, a POST that asks, and what runs for every request."""
    if root.kind in _EVERYWHERE or (root.kind == "route" and root.name.startswith(_ASKS)):
        return True
    said = f"{root.name.lower()} {whole.program.function(root.function).name}"
    return _READS.search(said) is not None


def is_waited_for(whole: Whole, key: FunctionKey, loop: Loop) -> bool:
    """Whether a client waits for the loop: the function is reached from what reads, or the loop stands in a
    route and goes over what the client sent.

    What writes many things is asked for rarely, and most of its time goes into the writes.
    """
    root = whole.reach.entry(key)
    if root is None:
        return False
    passed = (edge.callee for edge in whole.reach.way(key) if edge.callee is not None)
    if reads(whole, root):
        # A GET that starts or settles something is no list that a client looks at.
        return not any(_SETTLES.search(whole.program.function(one).name) for one in passed)
    sent = {one.name for one in whole.program.function(key).parameters} if root.function == key else set()
    over = loop.over
    while over[0] == form.ATTR:
        over = over[1]
    return over[0] == form.NAME and over[1] in sent
