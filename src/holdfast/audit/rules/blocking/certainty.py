"""How sure it is that requests wait for a call that blocks."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import PurePosixPath

from holdfast.audit.finding import Confidence
from holdfast.audit.graph.given import is_skipped
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.reach import Blocked, Edge
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["certainty"]

_AROUND = re.compile(
    r"lifespan|_?(on_)?(startup|shutdown|init|initiali[sz]e|bootstrap|preload|warm_?up|migrate|seed)(_|$)|"
    r".+_(startup|shutdown|warm_?up|bootstrap|if_not_exists)(_|$)|(start|stop)$"
)
"""Names of functions that run before a service takes requests, or after."""
_BESIDE = frozenset({"commands", "cli", "manage", "__main__", "cron", "scheduled", "scheduler"})
"""Files with what is started by hand or by the clock, though the service may import them."""
_READS = frozenset({"open", "read_text", "read_bytes"})
_PATHS = frozenset({"Path", "PurePath", "join", "joinpath", "abspath", "resolve", "expanduser", "str"})
_WRITES = frozenset("wax+")
_FARTHEST = 8
"""Names and calls that a path is followed through."""


def certainty(whole: Whole, blocked: Blocked, chain: tuple[Edge, ...]) -> Confidence:
    """Return how sure it is that requests wait for the end of `chain`, one of those of `blocked`.

    Low where few or none do: in a script, at the start and at the end, behind a memo, or where an argument
    keeps from it; and for a look into a
    file that comes with the service, or that no request is known to lead to.
    """
    root, sink, key = blocked.root, chain[-1].sink, chain[0].caller
    on_disk = sink is not None and sink.kind == "disk" and not sink.severity
    memoised = any(map(whole.reach.is_memoised, (*blocked.way, *chain)))
    if memoised or any(_is_skipped(whole, *pair) for pair in pairwise(chain)):
        return Confidence.LOW
    if on_disk and (root is None or root.kind == "validator" or _is_fixed_read(whole, chain[-1])):
        return Confidence.LOW
    if root is not None:
        return Confidence.HIGH
    function, file = whole.program.function(key), PurePosixPath(whole.path(key[0]))
    if key[0] not in whole.served or file.stem in _BESIDE or _AROUND.match(function.name):
        return Confidence.LOW
    return Confidence.MEDIUM


def _is_skipped(whole: Whole, edge: Edge, following: Edge) -> bool:
    """Whether the arguments at `edge` keep its function from the call of `following`."""
    call = edge.site.expression
    if edge.callee is None or edge.callee != following.caller or call[0] != form.CALL:
        return False
    return is_skipped(whole.program.function(edge.callee), call, following.site.expression)


def _is_fixed_read(whole: Whole, edge: Edge) -> bool:
    """Whether an edge opens, to read, a file whose name is written in the program."""
    call = edge.site.expression
    if call[0] != form.CALL or word(call[1]) not in _READS:
        return False
    method = call[1][0] == form.ATTR
    given = call[1][1] if method else call[2][0] if call[2] else call
    modes = [one for one in (*call[2], *(value for _, value in call[3])) if one[0] == form.TEXT]
    writes = any(_WRITES & set(one[1]) for one in modes if one is not given and len(one[1]) < 4)
    return not writes and given is not call and _is_fixed(whole, given, edge.caller)


def _is_fixed(whole: Whole, path: Expression, key: FunctionKey, far: int = 0) -> bool:
    """Whether a path is made of constants, of settings, or of the folder of the source."""
    tag = path[0]
    if far > _FARTHEST:
        return False
    if tag == form.TEXT:
        return "{}" not in path[1]
    if tag == form.NAME:
        scope = whole.program.scope(key)
        values = scope.values.get(path[1], ())
        if values:
            return all(_is_fixed(whole, one, key, far + 1) for one in values)
        parameters = {one.name for one in whole.program.function(key).parameters}
        return path[1] not in parameters and not scope.binds(path[1])
    if tag == form.ATTR:
        return path[1] != (form.NAME, "self") and _is_fixed(whole, path[1], key, far + 1)
    if tag == form.CALL and word(path[1]) in _PATHS:
        base = (path[1][1],) if path[1][0] == form.ATTR else ()
        return all(_is_fixed(whole, one, key, far + 1) for one in (*base, *path[2]))
    return any(part == (form.NAME, "__file__") for part in parts(path))
