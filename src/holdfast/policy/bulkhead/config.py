"""How many calls to one dependency may be in flight."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.policy.mode import Mode
from holdfast.policy.require import at_least
from holdfast.policy.share import share

__all__ = ["BulkheadConfig"]


@dataclass(frozen=True, slots=True)
class BulkheadConfig:
    """`limit` calls of this process in flight at once; None: nobody has decided, count only."""

    limit: int | None
    mode: Mode = Mode.ENFORCE

    def __post_init__(self) -> None:
        at_least(1, limit=self.limit)
        if self.limit is None and self.mode is Mode.ENFORCE:
            raise ValueError("a bulkhead without a limit has nothing to enforce")

    @classmethod
    def from_budget(
        cls, bulkhead: int | None, *, processes: int = 1, mode: Mode = Mode.ENFORCE
    ) -> BulkheadConfig:
        """Return one process's share of the budget's `bulkhead`; missing, the policy observes only."""
        if bulkhead is None:
            return cls(None, Mode.OBSERVE)
        return cls(share(bulkhead, processes), mode)
