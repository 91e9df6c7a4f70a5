"""What a fix is: changes of single nodes, by which several fixes of one file come together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import libcst as cst

from holdfast.audit.finding import Finding

__all__ = ["Change", "Edit", "Fix", "Import", "Top"]

Change: TypeAlias = Callable[[Any], "cst.CSTNode | cst.FlattenSentinel[Any] | cst.RemovalSentinel"]
"""Takes a node as other fixes left it, and returns what stands there then."""


@dataclass(frozen=True, slots=True)
class Edit:
    """`node` is one of the draft of `file`; what is inside it is changed first."""

    file: str
    node: cst.CSTNode
    change: Change


@dataclass(frozen=True, slots=True)
class Import:
    """`import module`, or `from module import name`, that `file` needs."""

    file: str
    module: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Top:
    """Statements that bind `name` below the imports of `file`; once, whoever asks for them."""

    file: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What mends `finding`; `what` says so in words.

    `check`: what to look at before it is applied by hand; "" for a safe one, after which every request that
    was well answered is answered the same.
    """

    finding: Finding
    what: str
    edits: tuple[Edit, ...]
    imports: tuple[Import, ...] = ()
    tops: tuple[Top, ...] = ()
    check: str = ""

    @property
    def safe(self) -> bool:
        """Whether it may be applied without a look."""
        return not self.check

    @property
    def files(self) -> frozenset[str]:
        """The files that it changes."""
        return frozenset(
            [
                *(one.file for one in self.edits),
                *(one.file for one in self.imports),
                *(one.file for one in self.tops),
            ]
        )
