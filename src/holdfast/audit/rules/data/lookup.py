"""Whether what is asked in each turn of a loop is a row, that one query could bring with all the others."""

from __future__ import annotations

from itertools import pairwise

from holdfast.audit.graph.given import is_skipped, is_spared
from holdfast.audit.graph.reach import Edge
from holdfast.audit.rules.data.per_element import is_batch, is_work
from holdfast.audit.source import form
from holdfast.audit.whole import Whole

__all__ = ["is_lookup"]

_NEAR = 3
"""Calls behind which a query is a part of something larger, that one query for all would not replace."""
_PER_ROW = (".flush", ".refresh", ".commit")
"""What a loop that writes may have to do for each row, to learn its key."""


def is_lookup(whole: Whole, chain: tuple[Edge, ...]) -> bool:
    """Whether `chain`, which begins in a loop and ends with a query, asks for the row of a turn.

    It does not where it works a whole piece of work off, in a function of the chain or in one on the way to
    the loop; where the loop has the turns that are written down; and where the caller brings the row.
    """
    if chain[-1].query.endswith(_PER_ROW) or len(chain) > _NEAR or _is_short(whole, chain[0]):
        return False
    callers = [edge.caller for edge in (*whole.reach.way(chain[0].caller), chain[0])]
    called = [edge.callee for edge in chain if edge.callee is not None]
    return not (
        any(is_batch(whole.program.function(one).name) for one in callers)
        or any(is_work(whole.program.function(one).name) for one in called)
        or any(_is_spared(whole, *pair) for pair in pairwise(chain))
    )


def _is_short(whole: Whole, edge: Edge) -> bool:
    """Whether a loop goes over elements that are written down one by one."""
    over = edge.site.over
    if over is not None and over[0] == form.NAME:
        values = whole.program.scope(edge.caller).values.get(over[1], ())
        over = values[0] if len(values) == 1 else None
    return over is not None and over[0] == form.SEQ and bool(over[2])


def _is_spared(whole: Whole, edge: Edge, following: Edge) -> bool:
    call, asked = edge.site.expression, following.site.expression
    if edge.callee is None or call[0] != form.CALL or edge.callee != following.caller:
        return False
    function = whole.program.function(edge.callee)
    return is_spared(function, call, asked) or is_skipped(function, call, asked)
