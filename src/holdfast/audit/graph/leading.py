"""What functions lead to: whether a call of one may block, ask a database or call another service.

It may do so itself, or whatever it calls, however far away. Who looks for a chain to such a place need not go
where none leads, which is most of a program.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from holdfast.audit.graph.program import FunctionKey

if TYPE_CHECKING:
    from holdfast.audit.graph.edges import Link

__all__ = ["ASKS", "BLOCKS", "CALLS", "NEVER", "leading"]

BLOCKS, ASKS, CALLS, NEVER = 1, 2, 4, 8


def leading(
    functions: Iterable[tuple[FunctionKey, tuple[Link, ...]]], never: Collection[FunctionKey] = ()
) -> dict[FunctionKey, int]:
    """Return what each function leads to, BLOCKS | ASKS | CALLS; those that lead nowhere are left out.

    Those of the rest that are among `never` have NEVER as well.
    """
    callers: dict[FunctionKey, list[FunctionKey]] = defaultdict(list)
    found: dict[FunctionKey, int] = {}
    for key, links in functions:
        own = 0
        for _, callee, sink, query, remote in links:
            if callee is not None:
                callers[callee].append(key)
            own |= (BLOCKS if sink else 0) | (ASKS if query else 0) | (CALLS if remote else 0)
        if own:
            found[key] = own
    queue = list(found)
    while queue:
        callee = queue.pop()
        for key in callers.get(callee, ()):
            before = found.get(key, 0)
            if found[callee] & ~before:
                found[key] = before | found[callee]
                queue.append(key)
    for key in found.keys() & set(never):
        found[key] |= NEVER
    return found
