"""What callers pass, learnt in rounds.

What a parameter without a type may be hangs on what its callers pass, and that on what their own parameters
may be. Each round works out the edges of all that is reached from what the round before learnt, and from
nothing else: so a round, and the whole, does not depend on the order in which functions are looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from holdfast.audit.graph.edges import Edges, Pass
from holdfast.audit.graph.infer import Inference, Passed
from holdfast.audit.graph.instantiated import never_instantiated
from holdfast.audit.graph.library import Library
from holdfast.audit.graph.program import FunctionKey, Program
from holdfast.audit.graph.reach import Reach
from holdfast.audit.graph.roots import Root
from holdfast.audit.graph.value import Value, bounded

__all__ = ["learnt"]

_ROUNDS = 8
"""A value is handed on through so many calls without a type; few programs need more than four."""


def learnt(program: Program, inference: Inference, library: Library, roots: Sequence[Root]) -> Reach:
    """Teach `inference` what callers pass; return what the roots reach then."""
    never = never_instantiated(program, inference)
    for _ in range(_ROUNDS):
        edges = Edges(program, inference, library)
        reach = Reach(program, edges, never)
        reach.run(roots)
        if not inference.learn(_passed(_passes(program, edges, reach.edges))):
            break
    return reach


def _passes(program: Program, edges: Edges, reached: Iterable[FunctionKey]) -> Iterable[Pass]:
    for number in range(len(program.modules)):
        yield from edges.handed(number)
    for key in reached:
        yield from edges.of(key)[1]


def _passed(passes: Iterable[Pass]) -> Passed:
    found: dict[tuple[FunctionKey, str], set[Value]] = defaultdict(set)
    for function, parameter, values in passes:
        found[function, parameter] |= values
    return {key: bounded(frozenset(values)) for key, values in found.items()}
