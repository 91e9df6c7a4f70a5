"""What a fix would change, for a report: each by itself, on the code as it is."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Proposal"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """`what` the fix does, in words, and `lines` of a unified diff; `check`: what to look at first, "" for
    one that `--fix` may write."""

    what: str
    check: str
    lines: tuple[str, ...]
