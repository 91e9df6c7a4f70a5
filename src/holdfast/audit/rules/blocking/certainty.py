"""How sure it is that requests wait for a call that blocks, and long enough to notice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePosixPath

from holdfast.audit.finding import Confidence
from holdfast.audit.graph.bodies import is_validated
from holdfast.audit.graph.given import is_skipped
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.reach import Blocked, Edge
from holdfast.audit.graph.roots import TASK
from holdfast.audit.rules.blocking.keyed import is_one_row_at_hand
from holdfast.audit.rules.blocking.size import is_glance, is_small
from holdfast.audit.source import form
from holdfast.audit.whole import Whole

__all__ = ["certainty"]

_BESIDE = frozenset({"commands", "cli", "manage", "__main__", "cron", "scheduled", "scheduler", "worker"})
"""Files with what is started by hand or by the clock, though the service may import them."""
_STANDS_IN = re.compile(r"_?(mock|fake|stub|dummy)(?=[A-Z_\d]|$)", re.IGNORECASE)
"""Names of what stands in for the real thing, where it is not there."""

_AT_THE_ENDS = re.compile(r"(^|_)(startup|shutdown|bootstrap|preload|warm_?up)(_|$)")
"""Names of what runs before a service takes requests, or after."""


def certainty(whole: Whole, blocked: Blocked, chain: tuple[Edge, ...]) -> Confidence:
    """Return how sure it is that requests wait for the end of `chain`, one of those of `blocked`.

    Low where few or none do: where no request is known to come, behind a memo, where an argument keeps from
    it, in what stands in for the real thing, at the start and at the end; and where it takes microseconds,
    as far as is known.
    """
    root, sink = blocked.root, chain[-1].sink
    if sink is not None and sink.severity:
        return _of_root(whole, blocked, named=True)
    stored = sink is not None and sink.kind in ("disk", "cpu", "process", "model")
    rarely, way = whole.reach.rarely, (*blocked.way, *chain)
    if rarely.fills_a_memo(way) or (stored and any(map(rarely.is_stored, way))):
        return Confidence.LOW
    if any(map(rarely.is_diagnostic, way)) or any(map(rarely.is_one_of_many, chain)):
        return Confidence.LOW
    if any(edge.callee is not None and whole.reach.is_never(edge.callee) for edge in chain):
        return Confidence.LOW
    if any(_is_skipped(whole, *pair) for pair in pairwise(way)):
        return Confidence.LOW
    if any(_STANDS_IN.match(name) or _AT_THE_ENDS.search(name) for name in _names(whole, chain)):
        return Confidence.LOW
    if sink is None or is_glance(sink) or is_small(whole, root.function if root is not None else None, chain):
        return Confidence.LOW
    if root is not None and root.kind == "validator" and not is_validated(whole.inference, root.function):
        return Confidence.LOW
    if is_one_row_at_hand(whole, way):
        return Confidence.LOW
    if sink.kind == "disk" and root is not None and root.kind in ("validator", TASK):
        return Confidence.LOW
    return _of_root(whole, blocked, named=False)


def _of_root(whole: Whole, blocked: Blocked, *, named: bool) -> Confidence:
    """By who comes there; with `named`, where the owner named the call, by what the service may import."""
    root, key = blocked.root, blocked.chain[0].caller
    if root is not None and root.kind != TASK:
        return Confidence.HIGH
    if root is None and not named:
        return Confidence.LOW
    beside = PurePosixPath(whole.path(key[0])).stem in _BESIDE
    return Confidence.LOW if beside or key[0] not in whole.served else Confidence.MEDIUM


def _names(whole: Whole, chain: tuple[Edge, ...]) -> Iterator[str]:
    """Yield the names of the functions and classes that a chain goes through, and of their files."""
    keys: dict[FunctionKey, None] = dict.fromkeys(edge.caller for edge in chain)
    for key in keys:
        yield from whole.program.qualified(key).split(".")
        yield PurePosixPath(whole.path(key[0])).stem


def _is_skipped(whole: Whole, edge: Edge, following: Edge) -> bool:
    """Whether the arguments at `edge` keep its function from the call of `following`."""
    call = edge.site.expression
    if edge.callee is None or edge.callee != following.caller or call[0] != form.CALL:
        return False
    return is_skipped(whole.program.function(edge.callee), call, following.site.expression)
