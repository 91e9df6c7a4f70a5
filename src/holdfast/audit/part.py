"""One module of the program, as a rule is asked about it.

A rule that looks for what is wrong in a place goes over functions, classes, roots or what blocks. Of a `Part`
it meets those of one module there, and may ask about all others: so its findings are kept by module, and so
is what a rule about the whole program gathers (`gathered`). What is read on the way is noted as bits, finer
ones by the inference, and four more for each module here: its text with all positions, the edges of its
functions, the ways that lead to them, and what they lead to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from holdfast.audit.graph.program import Bindings, ClassKey, FunctionKey, Program
from holdfast.audit.graph.reach import Reach
from holdfast.audit.graph.roots import Root
from holdfast.audit.source.form import Class, Function, Module
from holdfast.audit.whole import Whole

__all__ = ["Bits", "Part"]

T = TypeVar("T")


class Bits:
    """Where the bits of a program of `count` modules are, above those of the inference."""

    def __init__(self, count: int) -> None:
        self._base = 2 * count
        self.served = 1 << 6 * count

    def text(self, module: int) -> int:
        """A module, to the letter."""
        return 1 << self._base + 4 * module

    def edges(self, module: int) -> int:
        """The edges of its functions, and which of them are reached."""
        return 2 << self._base + 4 * module

    def ways(self, module: int) -> int:
        """Which of its functions are roots, and how the others are come to."""
        return 4 << self._base + 4 * module

    def leads(self, module: int) -> int:
        """What its functions lead to."""
        return 8 << self._base + 4 * module


class Part(Whole):
    """The program, with one module in focus."""

    def __init__(self, whole: Whole, module: int, bits: Bits) -> None:
        self._whole, self._module, self._bits = whole, module, bits
        self.settings = whole.settings
        self.library = whole.library
        self.inference = whole.inference
        self.program = _Program(whole.program, module, lambda read: self._note(bits.text(read)))

    def _note_edges(self, module: int) -> None:
        self._note(self._bits.edges(module) | self._bits.text(module))  # sites have lines

    def _note(self, bits: int) -> None:
        self.inference.queries.read |= bits

    @property
    def roots(self) -> list[Root]:
        """Those whose functions are in the module."""
        self._note(self._bits.ways(self._module))
        return self._whole.roots_of(self._module)

    @property
    def served(self) -> frozenset[int]:
        """The modules that the service consists of, all of them."""
        self._note(self._bits.served)
        return self._whole.served

    @cached_property
    def reach(self) -> Reach:
        """What runs on the event loop; to go over are the module's functions."""
        bits, made = self._bits, self._whole.reach
        own = made.reached.of(self._module)
        entries = (_Noted(one, lambda read: self._note(bits.ways(read))) for one in made.entries)
        return made.seen(
            self.program,
            _Noted(made.edges, self._note_edges, self._module, own),
            entries,
            _Noted(made.leads, lambda read: self._note(bits.leads(read))),
            _Noted(made.wrappers.names, lambda read: self._note(bits.text(read))),
        )


class _Noted(Mapping[FunctionKey, T]):
    """A mapping by function that notes the modules of those that are asked for; only `own` are gone over."""

    def __init__(
        self,
        made: Mapping[FunctionKey, T],
        note: Callable[[int], None],
        module: int = 0,
        own: Sequence[FunctionKey] = (),
    ) -> None:
        self._made, self._note, self._module, self._own = made, note, module, own

    def __getitem__(self, key: FunctionKey) -> T:
        self._note(key[0])
        return self._made[key]

    def __contains__(self, key: object) -> bool:
        if isinstance(key, tuple):
            self._note(key[0])
        return key in self._made

    def __iter__(self) -> Iterator[FunctionKey]:
        self._note(self._module)
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)


class _Program(Program):
    """Notes what is read, and goes over what one module defines."""

    def __init__(self, program: Program, module: int, note: Callable[[int], None]) -> None:
        self._program, self._module, self._note = program, module, note
        self.shape, self.inside = program.shape, program.inside
        self.paths, self.finder = program.paths, program.finder
        self.modules = _Sequence(program.modules, note)
        self.top = _Table(program.top, len(program.modules), note)

    def function(self, key: FunctionKey) -> Function:
        self._note(key[0])
        return self._program.function(key)

    def class_(self, key: ClassKey) -> Class:
        self._note(key[0])
        return self._program.class_(key)

    def scope(self, key: FunctionKey) -> Bindings:
        self._note(key[0])
        return self._program.scope(key)

    def class_scope(self, key: ClassKey) -> Bindings:
        self._note(key[0])
        return self._program.class_scope(key)

    def numbered(self) -> Iterator[tuple[int, Module]]:
        yield self._module, self.modules[self._module]


class _Sequence(Sequence[Module]):
    def __init__(self, modules: Sequence[Module], note: Callable[[int], None]) -> None:
        self._modules, self._note = modules, note

    def __len__(self) -> int:
        return len(self._modules)

    def __getitem__(self, number: Any) -> Any:
        self._note(number)
        return self._modules[number]


class _Table(Mapping[int, Bindings]):
    def __init__(self, made: Mapping[int, Bindings], count: int, note: Callable[[int], None]) -> None:
        self._made, self._count, self._note = made, count, note

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._count))

    def __getitem__(self, number: int) -> Bindings:
        self._note(number)
        return self._made[number]
