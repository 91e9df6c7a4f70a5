"""What a caller has written: per database, when, and how far the primary's log was by then.

A mark goes with its caller: in a context variable through one request, and as a token, in a cookie or a
header, from one request to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["Mark", "Marks", "following", "marks"]

_TOKEN = re.compile(r"([A-Za-z0-9_-]{1,120}):([0-9]{1,15}):([0-9A-F]{0,16})")
_MOST = 16  # databases in a token that anybody may have written
_BETWEEN = "|"


@dataclass(frozen=True, slots=True)
class Mark:
    """A write. `at`: seconds since 1970; `position`: bytes of the primary's log, None if not known."""

    at: float
    position: int | None = None


class Marks:
    """Of one caller, by the name of the primary. `changed`: something was written since they were read."""

    __slots__ = ("_of", "changed")

    def __init__(self, token: str = "") -> None:
        """Read a `token`; what is no mark in it is nothing."""
        self._of: dict[str, Mark] = {}
        self.changed = False
        for part in token.split(_BETWEEN, _MOST)[:_MOST]:
            if found := _TOKEN.fullmatch(part):
                name, milliseconds, position = found.groups()
                self._of[name] = Mark(int(milliseconds) / 1000, int(position, 16) if position else None)

    def get(self, name: str) -> Mark | None:
        """Return what was last written to database `name`."""
        return self._of.get(name)

    def wrote(self, name: str, mark: Mark) -> None:
        """Note a write to database `name`."""
        self._of[name] = mark
        self.changed = True

    @property
    def token(self) -> str:
        """All of them as text for a cookie or a header; "" where nothing was written."""
        return _BETWEEN.join(
            f"{name}:{round(mark.at * 1000)}:{'' if mark.position is None else f'{mark.position:X}'}"
            for name, mark in self._of.items()
        )


_MARKS: ContextVar[Marks | None] = ContextVar("holdfast_sql_marks", default=None)

marks = _MARKS.get
"""`marks() -> Marks | None`: those of the caller who is being served."""


@contextmanager
def following(token: str = "") -> Iterator[Marks]:
    """Serve a caller in this block who has written what `token` says; yield what he has written in the end.

    What only reads sees at least that. A request of a held app is such a block already.
    """
    here = Marks(token)
    reset = _MARKS.set(here)
    try:
        yield here
    finally:
        _MARKS.reset(reset)
