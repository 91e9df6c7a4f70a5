"""Which function a wrapper runs: its decorator is given many, and a call names one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from functools import cached_property
from typing import Any

from holdfast.audit.graph.edges import Edges
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import parts, word

__all__ = ["Wrappers"]


class Wrappers:
    """The wrappers of a program of `count` modules, and the functions that decorators are given."""

    def __init__(self, edges: Edges, count: int) -> None:
        self._edges = edges
        self._count = count

    def is_one(self, key: FunctionKey) -> bool:
        """Whether a function is a wrapper: it stands in a decorator, and calls what that is given."""
        return key[1] in self._edges.wrapping(key[0])[0]

    @cached_property
    def names(self) -> Mapping[FunctionKey, str]:
        """The names of the decorated functions."""
        modules = range(self._count)
        return {(one, index): name for one in modules for index, name in self._edges.wrapping(one)[1]}

    def seen(self, names: Mapping[FunctionKey, str]) -> Wrappers:
        """Return the same, with the names of the decorated functions looked at through these."""
        view = copy(self)
        view.names = names
        return view

    def named(self, call: Expression, links: Iterable[tuple[Any, ...]]) -> set[FunctionKey]:
        """Return those of what a wrapper may run that a call of it names, by itself or among its arguments.

        `links`: what the wrapper runs, the second of each being a function, or None.
        """
        words = {word(part) for part in parts(call)}
        return {link[1] for link in links if link[1] is not None and self.names.get(link[1]) in words}
