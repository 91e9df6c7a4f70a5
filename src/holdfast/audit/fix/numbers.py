"""The numbers that fixes need: from the budget, or left to whoever decides. None is made up here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.audit.fix.edit import Top

if TYPE_CHECKING:
    from holdfast.budget.loaded import Loaded

__all__ = ["Number", "Numbers", "undecided"]


@dataclass(frozen=True, slots=True)
class Number:
    """A constant for the code: `value` as it is written there, `source` where it was decided."""

    name: str
    value: str
    source: str
    decided: bool = True

    def top(self, file: str) -> Top:
        """Return its definition for the top of `file`."""
        return Top(file, self.name, f"{self.name} = {self.value}  # {self.source}\n")


def undecided(name: str, question: str) -> Number:
    """Return a constant that somebody has to decide: an ellipsis, which no call takes for a number."""
    return Number(name, "...", f"decide: {question}", decided=False)


class Numbers:
    """What a budget gives; nothing where there is none."""

    def __init__(self, loaded: Loaded | None = None) -> None:
        self._loaded = loaded

    @classmethod
    def of(cls, root: Path) -> Numbers:
        """Return those of the project at `root`, from the budget there or above; may raise `BudgetError`."""
        from holdfast.budget import load
        from holdfast.budget.document import find

        file = find(root.resolve())
        return cls(load(file) if file is not None else None)

    def timeout(self, near: str) -> Number:
        """Return the seconds that a call over HTTP may take.

        The dependency whose name or address variable stands in the text `near` says it; where none or more
        than one does, the deadline of requests: longer than that nobody waits.
        """
        if self._loaded is not None:
            named = {
                name: one.timeout.total
                for name, one in self._loaded.budget.dependency.items()
                if one.kind == "http" and (_mentions(near, name) or _mentions(near, one.url_env or name))
            }
            if len(named) == 1:
                [(name, total)] = named.items()
                if total is not None:
                    return self._number(
                        f"{_constant(name)}_TIMEOUT", total, f"dependency.{name}.timeout.total"
                    )
            deadline = self._loaded.budget.deadline.default
            if deadline is not None:
                return self._number("DEADLINE", deadline, "deadline.default")
        return undecided("TIMEOUT", "seconds that a call may take, below the deadline of who waits for it")

    def pool(self) -> tuple[Number, Number]:
        """Return the connections of one worker's pool, and the seconds that a request waits for one."""
        size = undecided("POOL_SIZE", "connections of one worker")
        wait = undecided("POOL_TIMEOUT", "seconds to wait for one, below the deadline of requests")
        if self._loaded is None:
            return size, wait
        from holdfast.budget.derive import derived

        known = derived(self._loaded)
        databases = [
            name for name, one in self._loaded.budget.dependency.items() if one.kind in ("postgres", "sqlite")
        ]
        if len(databases) == 1 and (found := known.get(f"dependency.{databases[0]}.pool")) is not None:
            size = self._number("POOL_SIZE", found.value, found.path)
        if (longest := known.get("deadline.cap")) is not None:
            wait = self._number("POOL_TIMEOUT", longest.value, longest.path)
        return size, wait

    @property
    def present(self) -> bool:
        """Whether there is a budget."""
        return self._loaded is not None

    def _number(self, name: str, value: float, path: str) -> Number:
        file = self._loaded.path.name if self._loaded is not None and self._loaded.path else "the budget"
        unit = "connections of a worker, " if name.endswith("SIZE") else "seconds, "
        return Number(name, f"{value:g}", f"{unit}{path} of {file}")


def _mentions(text: str, word: str) -> bool:
    return re.search(rf"(?<![a-z]){re.escape(word.lower())}(?![a-z])", text.lower()) is not None


def _constant(name: str) -> str:
    return re.sub(r"\W", "_", name).upper()
