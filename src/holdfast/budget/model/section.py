"""What every section of the budget is: frozen, and closed to keys that nobody knows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from holdfast.budget.metadata import Decision, Derivable, Explained, Fact, Mechanism

__all__ = ["Section", "ascending", "contradiction"]


class Section(BaseModel):
    """A table of the budget. Every field carries its explanation, see `explained`.

    Validators are built when a budget is first read: `import holdfast` does not wait for them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def explained(cls) -> Mapping[str, Explained | None]:
        """Return each key as TOML writes it and what is known of it; None for a table of keys."""
        found: dict[str, Explained | None] = {}
        for name, field in cls.model_fields.items():
            known = (m for m in field.metadata if isinstance(m, (Fact, Decision, Derivable, Mechanism)))
            found[field.alias or name] = next(known, None)
        return found


def contradiction(message: str, *at: str) -> PydanticCustomError:
    """Return the error of numbers that cannot hold together; `at` are their keys below the model, dotted."""
    context: dict[str, Any] = {"message": message, "at": at}
    return PydanticCustomError("contradiction", "{message}", context)


def ascending(numbers: Mapping[str, float | None], show: Callable[[float], str]) -> None:
    """Raise where a later number, of those that are known, is below an earlier one."""
    known = [(name, value) for name, value in numbers.items() if value is not None]
    for (low, least), (high, most) in itertools.pairwise(known):
        if least > most:
            raise contradiction(f"{low} ({show(least)}) is above {high} ({show(most)})", low, high)
