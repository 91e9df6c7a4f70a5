"""How many workers there are and how many there should be: no processes, no clock."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Crew"]

TOO_SHORT = 1.0
"""Seconds from a worker's start before which it is not replaced: no spinning on a broken start."""


@dataclass(slots=True)
class _Member:
    born: float
    leaving: bool = False


class Crew:
    """The workers by pid, in the order of their start; `want` is how many should stay. `now` in seconds."""

    __slots__ = ("_members", "_not_before", "age", "want")

    def __init__(self, want: int) -> None:
        self.want = want
        self.age = 0
        self._members: dict[int, _Member] = {}
        self._not_before = 0.0

    @property
    def pids(self) -> tuple[int, ...]:
        """All workers, those that leave included."""
        return tuple(self._members)

    def lacks(self, now: float) -> bool:
        """Whether another worker is to be started now."""
        return self._staying() < self.want and now >= self._not_before

    def started(self, pid: int, now: float) -> None:
        """A worker was started."""
        self.age += 1
        self._members[pid] = _Member(now)

    def ended(self, pid: int, now: float) -> bool:
        """A worker has ended; False when `pid` is none of ours."""
        member = self._members.pop(pid, None)
        if member is None:
            return False
        if now - member.born < TOO_SHORT:
            self._not_before = member.born + TOO_SHORT
        return True

    def surplus(self) -> list[int]:
        """Return the oldest workers that there are too many of, once each."""
        leaving = []
        for pid, member in self._members.items():
            if self._staying() <= self.want:
                break
            if not member.leaving:
                member.leaving = True
                leaving.append(pid)
        return leaving

    def next_wakeup(self, now: float) -> float | None:
        """Return when the next worker may be started; None where only events count."""
        return self._not_before if self._staying() < self.want and now < self._not_before else None

    def _staying(self) -> int:
        return sum(not member.leaving for member in self._members.values())
