"""The program that is audited, with all that rules ask about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from holdfast.audit.finding import Step
from holdfast.audit.graph import value as v
from holdfast.audit.graph.infer import Inference
from holdfast.audit.graph.learning import learnt
from holdfast.audit.graph.library import Library, builtin
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey, Program
from holdfast.audit.graph.reach import Blocked, Reach
from holdfast.audit.graph.roots import Root, roots
from holdfast.audit.graph.served import served
from holdfast.audit.settings.form import Settings
from holdfast.audit.source.form import Expression, Module

if TYPE_CHECKING:
    from holdfast.audit.memory import Memory

__all__ = ["Whole"]


class Whole:
    """Made of the modules of a project; everything else is worked out when a rule first asks for it.

    `base`: the folders that the project lies in, from the top. `settings`: how it is started and run.
    `memory`: what the audit before found out.
    """

    def __init__(
        self,
        modules: Sequence[Module],
        library: Library | None = None,
        base: tuple[str, ...] = (),
        settings: Settings | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.settings = settings if settings is not None else Settings()
        self.library = library if library is not None else builtin()
        names = memory.project.names if memory is not None else None
        self.program = Program(modules, base, names)
        before = (memory.graph, memory.dirty) if memory is not None else ()
        self.inference = Inference(self.program, self.library, *before)
        self.inference.family.learn()
        self.answers: dict[Callable[[Whole], Any], Sequence[Any]] = {}
        """What each module said to a question, see `gathered`."""

    @cached_property
    def roots(self) -> list[Root]:
        """Where the event loop and the worker threads enter the program."""
        return list(roots(self.program, self.inference))

    def roots_of(self, module: int) -> list[Root]:
        """Return those whose functions are in one module."""
        return self._roots_by_module.get(module, [])

    @cached_property
    def _roots_by_module(self) -> dict[int, list[Root]]:
        found: dict[int, list[Root]] = {}
        for root in self.roots:
            found.setdefault(root.function[0], []).append(root)
        return found

    @cached_property
    def served(self) -> frozenset[int]:
        """The modules that the service consists of, by number."""
        return served(self)

    @cached_property
    def reach(self) -> Reach:
        """What runs on the event loop."""
        return learnt(self.program, self.inference, self.library, self.roots)

    @cached_property
    def blocked(self) -> list[Blocked]:
        """The places on the event loop that block."""
        return list(self.reach.blocked())

    def step(self, function: FunctionKey, line: int, calls: str = "") -> Step:
        """Return a step of a chain: `line` in `function`."""
        return Step(self.path(function[0]), line, self.program.qualified(function), calls)

    def chain(self, function: FunctionKey, line: int, calls: str = "") -> tuple[Step, ...]:
        """Return the steps from a root to `line` in `function`; that step alone where no root leads there."""
        way = self.reach.way(function)
        root = self.reach.entry(function)
        steps = []
        if root is not None:
            steps.append(self.step(root.function, self.program.function(root.function).line, root.name))
        for edge in way:
            called = f"{self.program.qualified(edge.callee)}()" if edge.callee is not None else ""
            steps.append(self.step(edge.caller, edge.site.line, called))
        return (*steps, self.step(function, line, calls))

    def named(self, expression: Expression, function: FunctionKey | int) -> Iterator[str]:
        """Yield the paths of what an expression names or gives of a library, in a function or a module."""
        place = Place(*function) if isinstance(function, tuple) else Place(function)
        for one in self.inference.values(expression, place):
            if one[0] in (v.OUTSIDE, v.MADE):
                yield self.library.canonical(one[1])

    def path(self, module: int) -> str:
        """Return the path of a module's file."""
        return self.program.paths[module]
