"""How functions stand in the graph: what they call, and how the loop and threads come to them."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any, TypeAlias

from holdfast.audit.whole import Whole

__all__ = ["Standing"]

Stands: TypeAlias = tuple[dict[int, Any], tuple[list[Any], dict[int, Any]], dict[int, int]]
"""Of one module: edges by function; its roots, and how its functions are come to; what they lead to."""


class Standing:
    """Of all modules of `whole`, of what `marshal` can write."""

    def __init__(self, whole: Whole) -> None:
        modules = range(len(whole.program.paths))
        self._stands: list[Stands] = [
            ({}, ([astuple(root) for root in whole.roots_of(number)], {}), {}) for number in modules
        ]
        for key, links in whole.reach.reached.links():
            self._stands[key[0]][0][key[1]] = links
        for entries in whole.reach.entries:
            for key, (root, by) in entries.items():
                entry = (root.function, root.kind, root.name, root.on_loop, by)
                self._stands[key[0]][1][1].setdefault(key[1], []).append(entry)

        for key, ends in whole.reach.leads.items():
            self._stands[key[0]][2][key[1]] = ends

    def __getitem__(self, module: int) -> Stands:
        return self._stands[module]
