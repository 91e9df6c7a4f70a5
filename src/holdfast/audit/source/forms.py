"""The modules of a project, each unpacked when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import overload

from holdfast.audit.source.form import Module

__all__ = ["Forms"]


class Forms(Sequence[Module]):
    """Modules by number; `make` returns one that is not there yet."""

    def __init__(self, count: int, make: Callable[[int], Module]) -> None:
        self._modules: list[Module | None] = [None] * count
        self._make = make

    def __len__(self) -> int:
        return len(self._modules)

    @overload
    def __getitem__(self, number: int) -> Module: ...
    @overload
    def __getitem__(self, number: slice) -> list[Module]: ...
    def __getitem__(self, number: int | slice) -> Module | list[Module]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        found = self._modules[number]
        if found is None:
            found = self._modules[number] = self._make(number)
        return found

    def __iter__(self) -> Iterator[Module]:
        return (self[number] for number in range(len(self)))
