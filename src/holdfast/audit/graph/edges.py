"""What a function does where: what it runs, what blocks in it, whom it asks, and what it passes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from holdfast.audit.graph import value as v
from holdfast.audit.graph.callees import Callees
from holdfast.audit.graph.infer import Inference
from holdfast.audit.graph.library import Library, Sink
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey, Program, statements
from holdfast.audit.graph.sites import Site, sites
from holdfast.audit.graph.value import Value, Values, ordered
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function, Parameter
from holdfast.audit.source.inside import parts, word

__all__ = ["Done", "Edge", "Edges", "Link", "Pass", "Wrapping"]

_CALLING = frozenset(
    {
        *("map", "filter", "sorted", "min", "max", "functools.reduce", "list.sort"),
        *(
            f"asyncio.{loop}.{call}"
            for loop in ("get_running_loop", "get_event_loop", "AbstractEventLoop")
            for call in ("call_soon", "call_later", "call_at")
        ),
    }
)
"""Library functions that call the functions they are given, at once and on the same thread."""


@dataclass(frozen=True, slots=True)
class Edge:
    """`caller` runs `callee`, or blocks at `sink`, or asks a database or another service, at `site`.

    `query` and `remote` are the paths of what asks, "" where nothing does.
    """

    caller: FunctionKey
    site: Site
    callee: FunctionKey | None
    sink: Sink | None = None
    query: str = ""
    remote: str = ""


Link: TypeAlias = tuple[int, "FunctionKey | None", str, str, str]
"""An edge as it is kept: the number of its site, the callee, and the paths of the sink, the query and the
remote call, "" where there is none."""

Pass: TypeAlias = tuple[FunctionKey, str, Values]
"""A function, one of its parameters that has no type of use, and what a caller passes there."""

Done: TypeAlias = tuple[tuple[Link, ...], tuple[Pass, ...]]
"""What a function does: its edges in the order of the source, and what it passes."""


Wrapping: TypeAlias = tuple[tuple[int, ...], tuple[tuple[int, str], ...]]
"""The wrappers of a module, and its decorated functions with their names."""

_End: TypeAlias = tuple["FunctionKey | None", str, str, str]
"""A link without its site."""


_Target: TypeAlias = tuple["FunctionKey", int]
"""What a call runs, and how many of its parameters are bound already."""


class Edges:
    """Works out the edges of functions, one by one; they hang on nothing but the program and on what callers
    pass, see `Inference.learn`. To be made anew when that is another."""

    def __init__(self, program: Program, inference: Inference, library: Library) -> None:
        self._program = program
        self._inference = inference
        self._library = library
        self._callees = Callees(inference, library)
        self._done: dict[FunctionKey, Done] = {}
        self._wrapped: dict[int, Wrapping] = {}

    def of(self, key: FunctionKey) -> Done:
        """Return what a function does."""
        done = self._done.get(key)
        if done is None:
            done = self._done[key] = self._inference.kept.ask(key[0], ("edges", key[1]), self._of, key)
        return done

    def whole(self, key: FunctionKey) -> tuple[Edge, ...]:
        """Return the edges of a function with their sites."""
        there = list(sites(self._program.function(key).body))
        return tuple(
            Edge(key, there[site], callee, self._library.sink(sink) if sink else None, query, remote)
            for site, callee, sink, query, remote in self.of(key)[0]
        )

    def starting(self, module: int) -> tuple[int, ...]:
        """Return the async functions of a module: they run on some loop, reached or not."""
        found: tuple[int, ...] = self._inference.kept.ask(module, "async", self._starting, module)
        return found

    def handed(self, module: int) -> tuple[Pass, ...]:
        """Return what the decorators of a module's functions are passed: the functions."""
        found: tuple[Pass, ...] = self._inference.kept.ask(module, "handed", self._handed, module)
        return found

    def wrapping(self, module: int) -> Wrapping:
        """Return which functions of a module are wrappers, and which are decorated, with their names.

        A wrapper is a function in a decorator that calls what the decorator is given.
        """
        found = self._wrapped.get(module)
        if found is None:
            found = self._wrapped[module] = self._inference.kept.ask(
                module, "wrapping", self._wrapping, module
            )
        return found

    def _wrapping(self, module: int) -> Wrapping:
        self._inference.reads(module, inside=True)
        functions = self._program.modules[module].functions
        wrappers = []
        for function in functions:
            given: set[str] = set()
            outer = function.within
            while outer is not None:
                given |= {one.name for one in functions[outer].parameters}
                outer = functions[outer].within
            given -= {one.name for one in function.parameters}
            given |= set(_chosen(function, given)) if given else set()
            if given and any(_calls_one_of(site.expression, given) for site in sites(function.body)):
                wrappers.append(function.index)
        decorated = tuple((one.index, one.name) for one in functions if one.decorators and one.owner is None)
        return tuple(wrappers), decorated

    def _starting(self, module: int) -> tuple[int, ...]:
        self._inference.reads(module)
        return tuple(one.index for one in self._program.modules[module].functions if one.asynchronous)

    def _handed(self, module: int) -> tuple[Pass, ...]:
        self._inference.reads(module)
        found: list[Pass] = []
        for function in self._program.modules[module].functions:
            for one, given in self._inference.names.handed((module, function.index)):
                if one[0] in (v.FUNCTION, v.BOUND):
                    target, skip = (one[-2], one[-1]), int(one[0] == v.BOUND)
                    self._inference.reads(target[0])
                    parameters = self._program.function(target).parameters[skip:]
                    found.extend((target, each.name, given) for each in parameters[:1])
        return tuple(found)

    def _of(self, key: FunctionKey) -> Done:
        self._inference.reads(key[0], inside=True)
        found: list[Link] = []
        passes: list[Pass] = []
        place = Place(*key)
        for number, site in enumerate(sites(self._program.function(key).body)):
            if site.entered:
                ends = self._entering(site, place)
            elif site.expression[0] == form.ATTR:
                ends = self._property(site, place)
            else:
                ends = self._call(site, place, passes)
            found.extend((number, *end) for end in ends)
        return tuple(found), tuple(passes)

    def _property(self, site: Site, place: Place) -> Iterator[_End]:
        base, name = site.expression[1], site.expression[2]
        if base[0] == form.ATTR and base[2] == "awaitable_attrs":
            yield None, "", f"awaitable_attrs.{name}", ""
        for one in self._inference.values(base, place):
            if one[0] != v.OBJECT:
                continue
            for at in self._inference.family.lineage((one[1], one[2])):
                index = self._program.class_(at).functions.get(name)
                if index is not None:
                    if _is_property(self._program.function((at[0], index))):
                        yield (at[0], index), "", "", ""
                    break

    def _entering(self, site: Site, place: Place) -> Iterator[_End]:
        names = ("__aenter__", "__aexit__") if site.entered == "async" else ("__enter__", "__exit__")
        for one in self._inference.values(site.expression, place):
            if one[0] == v.OBJECT:
                for name in names:
                    yield from ((method, "", "", "") for method in self._methods(one, name))
            elif one[0] == v.MADE and site.entered == "sync":
                path = f"{one[1]}.with"
                sink = self._library.sink(path)
                if sink is not None and sink.path.endswith(".with"):
                    yield None, path, "", ""

    def _methods(self, one: Value, name: str) -> Iterator[FunctionKey]:
        for each in ordered(self._inference.members.member(one, name)):
            if each[0] == v.BOUND:
                yield each[2], each[3]

    def _call(self, site: Site, place: Place, passes: list[Pass]) -> Iterator[_End]:
        targets: list[_Target] = []
        for called in self._callees.of(site, place):
            one = called[1] if called[0] == v.PARTIAL else called
            if one[0] in (v.OUTSIDE, v.MADE):
                # Of what a library has made, calling it is one more path: `pipeline("...")(text)`.
                path = one[1] if one[0] == v.OUTSIDE else f"{one[1]}()"
                if not self._callees.is_of_answer(site, place, path):
                    yield from self._outside(site, place, path)
                continue
            targets.extend(self._targets(one))
        for target, _ in targets:
            self._inference.reads(target[0])
        for target, skip in _awaitable(self._program, targets) if site.awaited else targets:
            function = self._program.function(target)
            passes.extend(self._passed(target, function.parameters[skip:], site.expression, place))
            if _runs(function, site) and not (site.apart and function.asynchronous):
                yield target, "", "", ""

    def _targets(self, one: Value) -> Iterator[_Target]:
        """Yield what is run when `one` is called."""
        kind = one[0]
        if kind == v.FUNCTION:
            yield (one[1], one[2]), 0
        elif kind == v.BOUND:
            yield (one[2], one[3]), 1
        elif kind == v.CLASS:
            me = (v.OBJECT, one[1], one[2])
            for name in ("__init__", "__post_init__", "model_post_init"):
                yield from ((method, 1) for method in self._methods(me, name))
        elif kind == v.OBJECT:
            yield from ((method, 1) for method in self._methods(one, "__call__"))
        elif kind == v.PARTIAL:
            yield from self._targets(one[1])

    def _outside(self, site: Site, place: Place, path: str) -> Iterator[_End]:
        offload = self._library.offload(path)
        call = site.expression
        if path in _CALLING or offload in ("loop", "task"):
            for argument in (*call[2], *(value for _, value in call[3])):
                for one in self._inference.values(argument, place):
                    if one[0] in (v.FUNCTION, v.BOUND, v.PARTIAL):
                        for target, _ in self._targets(one):
                            self._inference.reads(target[0])
                            function = self._program.function(target)
                            if not function.generator and (function.asynchronous or offload != "task"):
                                yield target, "", "", ""
        sink = path if self._library.sink(path) is not None and not site.awaited else ""
        query = path if self._library.is_query(path) else ""
        remote = path if self._library.is_remote(path) else ""
        if sink or query or remote:
            yield None, sink, query, remote

    def _passed(
        self, target: FunctionKey, parameters: Sequence[Parameter], call: Expression, place: Place
    ) -> Iterator[Pass]:
        positional = [one for one in parameters if one.kind == "positional"]
        given = list(zip(positional, call[2], strict=False))
        by_name = {one.name: one for one in parameters if one.annotation is None}
        given += [(by_name[name], argument) for name, argument in call[3] if name in by_name]
        for parameter, argument in given:
            if parameter.annotation is None or not _is_useful(parameter.annotation):
                values = self._inference.possible(argument, place)
                if values:
                    yield target, parameter.name, values


def _awaitable(program: Program, targets: list[_Target]) -> list[_Target]:
    """Return those of `targets` that can be awaited: of twins for both kinds of caller, the async ones."""
    return [one for one in targets if program.function(one[0]).asynchronous] or targets


def _chosen(function: Function, given: set[str]) -> Iterator[str]:
    """Yield the names that a function gives to one of `given`: `call = quick if ready else slow`."""
    for one in statements(function.body):
        if one[0] != form.ASSIGN or one[1][0] != form.NAME or one[2][0] not in (form.NAME, form.ANY):
            continue
        if any(part[0] == form.NAME and part[1] in given for part in parts(one[2])):
            yield one[1][1]


def _calls_one_of(expression: Expression, names: set[str]) -> bool:
    return bool(expression[0] == form.CALL and expression[1][0] == form.NAME and expression[1][1] in names)


def _is_useful(annotation: Expression) -> bool:
    base = annotation[1] if annotation[0] == form.SUB else annotation
    named = word(base)
    return named != "Callable" if base is not annotation else named not in ("Any", "object", "Callable")


def _is_property(function: Function) -> bool:
    return any(word(one) in ("property", "cached_property") for one in function.decorators)


def _runs(function: Function, site: Site) -> bool:
    """Whether a call runs anything: a generator runs when somebody iterates over it."""
    if not function.generator or function.asynchronous or site.iterated:
        return True
    return any(word(one).endswith("contextmanager") for one in function.decorators)
