"""What the event loop reaches: every function that runs on it, and every blocking call in there."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from holdfast.audit.graph.edges import Edge, Edges, Link
from holdfast.audit.graph.leading import BLOCKS, NEVER, leading
from holdfast.audit.graph.library import Sink
from holdfast.audit.graph.once import once
from holdfast.audit.graph.program import FunctionKey, Program
from holdfast.audit.graph.rarely import Rarely
from holdfast.audit.graph.roots import TASK, Root
from holdfast.audit.graph.wrappers import Wrappers
from holdfast.audit.source import form
from holdfast.audit.source.form import Function

__all__ = ["Blocked", "Edge", "Reach"]


@dataclass(frozen=True, slots=True)
class Blocked:
    """A place on the loop from which a blocking call is reached without leaving the loop.

    `chain` begins with the edge at the loop site, in a function that runs on the loop by itself, and ends
    with the edge to the sink. `root` is how the loop came there, None where no root was found; `way` are the
    edges from the root to the loop site. `others`: further sinks behind the same site.
    """

    chain: tuple[Edge, ...]
    root: Root | None
    way: tuple[Edge, ...]
    others: tuple[tuple[Edge, ...], ...] = ()

    @property
    def sink(self) -> Sink:
        """The call that blocks."""
        found = self.chain[-1].sink
        assert found is not None  # noqa: S101 - a chain ends with one
        return found


Entry: TypeAlias = tuple[Root, tuple[FunctionKey, int] | None]
"""How a function was come to: from which root, and by which edge of which caller; None for the root's own."""


class Reached(Mapping[FunctionKey, tuple[Edge, ...]]):
    """The functions that are reached, with their edges, which are put together when they are asked for."""

    def __init__(self, edges: Edges) -> None:
        self._edges = edges
        self._made: dict[FunctionKey, tuple[Edge, ...] | None] = {}
        self._by_module: dict[int, list[FunctionKey]] = {}

    def add(self, key: FunctionKey) -> None:
        """Note that a function is reached."""
        if key not in self._made:
            self._made[key] = None
            self._by_module.setdefault(key[0], []).append(key)

    def of(self, module: int) -> Sequence[FunctionKey]:
        """Return the functions of one module."""
        return self._by_module.get(module, ())

    def links(self) -> Iterator[tuple[FunctionKey, tuple[Link, ...]]]:
        """Yield the functions with their edges as they are kept."""
        for key in self._made:
            yield key, self._edges.of(key)[0]

    def __getitem__(self, key: FunctionKey) -> tuple[Edge, ...]:
        found = self._made[key]
        if found is None:
            found = self._made[key] = self._edges.whole(key)
        return found

    def __iter__(self) -> Iterator[FunctionKey]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def __contains__(self, key: object) -> bool:
        return key in self._made


class Reach:
    """Follows calls from the roots; knows each function's edges. `never`: functions that nothing runs."""

    def __init__(self, program: Program, edges: Edges, never: Collection[FunctionKey] = ()) -> None:
        self._program = program
        self._edges = edges
        self._never = frozenset(never)
        self.wrappers = Wrappers(edges, len(program.modules))
        self.reached = Reached(edges)
        self.edges: Mapping[FunctionKey, tuple[Edge, ...]] = self.reached
        self._once: dict[FunctionKey, frozenset[int]] = {}
        self.rarely = Rarely(program, self)
        self._on_loop: Mapping[FunctionKey, Entry] = {}
        self._in_thread: Mapping[FunctionKey, Entry] = {}
        self._in_task: Mapping[FunctionKey, Entry] = {}

    def run(self, roots: Iterable[Root]) -> None:
        """Follow everything that the roots reach."""
        # What a reading and a writing route reach equally near is said to be reached from the reading one.
        roots = sorted(roots, key=lambda one: not one.name.startswith("GET"))
        self._on_loop = self._follow(root for root in roots if root.on_loop and root.kind != TASK)
        self._in_task = self._follow(root for root in roots if root.kind == TASK)
        # Async functions that no root reaches run on some loop as well.
        numbers = range(len(self._program.modules))
        self._follow((number, each) for number in numbers for each in self._edges.starting(number))
        self._in_thread = self._follow(root for root in roots if not root.on_loop)

    @cached_property
    def leads(self) -> Mapping[FunctionKey, int]:
        """What the functions lead to, see `leading`."""
        return leading(self.reached.links(), self._never)

    @property
    def entries(self) -> tuple[Mapping[FunctionKey, Entry], ...]:
        """How functions were come to: by requests on the loop and in threads, and by tasks of the service;
        callers before those they call."""
        return self._on_loop, self._in_thread, self._in_task

    def seen(
        self,
        program: Program,
        edges: Mapping[FunctionKey, tuple[Edge, ...]],
        entries: Iterable[Mapping[FunctionKey, Entry]],
        leads: Mapping[FunctionKey, int],
        decorated: Mapping[FunctionKey, str],
    ) -> Reach:
        """Return the same, looked at through these."""
        view = copy(self)
        view._program, view.edges, view._once = program, edges, {}
        view.rarely = Rarely(program, view)
        view._on_loop, view._in_thread, view._in_task = entries
        view.leads = leads
        view.wrappers = self.wrappers.seen(decorated)
        return view

    def _follow(self, starts: Iterable[FunctionKey | Root]) -> dict[FunctionKey, Entry]:
        """Work out the edges of all that `starts` reach; return how each was come to from a root."""
        entries: dict[FunctionKey, Entry] = {}
        queue: deque[FunctionKey] = deque()
        seen: set[FunctionKey] = set()
        for start in starts:
            key = start.function if isinstance(start, Root) else start
            if isinstance(start, Root):
                entries.setdefault(key, (start, None))
            queue.append(key)
        aside: list[FunctionKey] = []
        while queue or aside:
            if not queue:
                # What wrappers may run, but nobody was seen to name, and methods of what nobody makes: no
                # root is said to come there.
                queue, aside = deque(aside), []
            key = queue.popleft()
            if key in seen:
                continue
            seen.add(key)
            self.reached.add(key)
            entry = entries.get(key)
            called = entry is not None and entry[1] is not None and self.wrappers.is_one(key)
            for number, link in enumerate(self._edges.of(key)[0]):
                callee = link[1]
                if callee is None or callee in seen:
                    continue
                if callee in self._never or (called and callee in self.wrappers.names):
                    aside.append(callee)
                    continue
                if entry is not None:
                    entries.setdefault(callee, (entry[0], (key, number)))
                queue.append(callee)
                if entry is not None and self.wrappers.is_one(callee):
                    site = self.reached[key][number].site
                    for named in self.wrappers.named(site.expression, self._edges.of(callee)[0]):
                        entries.setdefault(named, (entry[0], (key, number)))
                        queue.append(named)
        return entries

    def on_loop(self, key: FunctionKey) -> bool:
        """Whether a request reaches `key` on the event loop."""
        return key in self._on_loop

    def entry(self, key: FunctionKey) -> Root | None:
        """Return a root that a request reaches `key` from, on the loop or in a thread."""
        found = self._on_loop.get(key) or self._in_thread.get(key)
        return found[0] if found is not None else None

    def way(self, key: FunctionKey) -> tuple[Edge, ...]:
        """Return the edges from that root to `key`."""
        return self._way(key, self._on_loop if key in self._on_loop else self._in_thread)

    def _way(self, key: FunctionKey, entries: Mapping[FunctionKey, Entry]) -> tuple[Edge, ...]:
        way: list[Edge] = []
        while (entry := entries.get(key)) is not None and entry[1] is not None:
            caller, number = entry[1]
            way.append(self.edges[caller][number])
            key = caller
        return tuple(reversed(way))

    def blocked(self) -> Iterator[Blocked]:
        """Yield the loop sites from which a blocking call is reached, in the order of the source."""
        for key in sorted(self.edges):
            function = self._program.function(key)
            entries = self._on_loop if key in self._on_loop else self._in_task
            entry = entries.get(key)
            starts_here = entry is not None and entry[1] is None and entry[0].on_loop
            if not function.asynchronous and not starts_here:
                continue
            sites_here: dict[tuple[int, int], list[tuple[Edge, ...]]] = {}
            for edge in self.edges[key]:
                for chain in self._chains(edge):
                    sites_here.setdefault((edge.site.line, edge.site.column), []).append(chain)
            for chains in sites_here.values():
                chains.sort(key=len)
                root = entry[0] if entry is not None else None
                way = self._way(key, entries)
                yield Blocked(chains[0], root, way, tuple(chains[1:]))

    def _chains(self, edge: Edge) -> Iterator[tuple[Edge, ...]]:
        """Yield the shortest chain to each blocking call behind `edge`, through sync functions only."""
        if self._is_once(edge):
            return
        if edge.sink is not None:
            yield (edge,)
            return
        if edge.callee is None or not self.blocks_through(edge.callee):
            return
        seen = {edge.callee}
        queue: deque[tuple[Edge, ...]] = deque([(edge,)])
        while queue:
            chain = queue.popleft()
            for following in self.behind(chain[-1]):
                if self._is_once(following):
                    continue
                if following.sink is not None:
                    yield (*chain, following)
                elif following.callee is not None and following.callee not in seen:
                    seen.add(following.callee)
                    if self.blocks_through(following.callee) and len(chain) < 25:
                        queue.append((*chain, following))

    def behind(self, edge: Edge) -> tuple[Edge, ...]:
        """Return the edges of the function that `edge` leads to; of a wrapper, to what it wraps there.

        Nothing, where it wraps several functions and the call names none of them.
        """
        following = self.edges.get(edge.callee, ()) if edge.callee is not None else ()
        if edge.callee is None or not self.wrappers.is_one(edge.callee):
            return following
        wrapped = {one.callee for one in following if one.callee in self.wrappers.names}
        if len(wrapped) == 1:
            return following
        meant = self.wrappers.named(edge.site.expression, [(0, one) for one in wrapped])
        return tuple(one for one in following if one.callee in meant or one.callee not in wrapped)

    def _is_once(self, edge: Edge) -> bool:
        """Whether only the first of all requests goes this way."""
        found = self._once.get(edge.caller)
        if found is None:
            found = self._once[edge.caller] = once(self._program.function(edge.caller))
        return id(edge.site.expression) in found

    def is_never(self, callee: FunctionKey) -> bool:
        """Whether `callee` is a method of a class that nothing makes, nor anything below it."""
        return bool(self.leads.get(callee, 0) & NEVER)

    def blocks_through(self, callee: FunctionKey) -> bool:
        """Whether a caller waits for what blocks in `callee`, each time: sync, and not computed once."""
        if not self.leads.get(callee, 0) & BLOCKS:
            return False
        function = self._program.function(callee)
        return not function.asynchronous and (bool(function.parameters) or not _is_cached(function))


def _is_cached(function: Function) -> bool:
    targets = (one[1] if one[0] == form.CALL else one for one in function.decorators)
    return any(one[0] in (form.NAME, form.ATTR) and one[-1] in ("lru_cache", "cache") for one in targets)
