"""Which log lines are too many: each message of each logger has a rate, and what is above it is counted."""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable
from contextlib import AbstractContextManager

__all__ = ["Flood"]

_KEYS = 1024
"""Messages that are told apart: whoever makes up messages must not make it grow."""

_QUIET = 1.0
"""Seconds without a line after which what was left out is told, as no line will tell it."""


class _Message:
    __slots__ = ("dropped", "due", "last")

    def __init__(self) -> None:
        self.due = 0.0
        self.dropped = 0
        self.last = 0.0


class Flood:
    """A leaky bucket (GCRA) for each key: `rate` lines a second, and a second's worth of them at once."""

    def __init__(self, rate: float, keys: int = _KEYS) -> None:
        self.dropped = 0
        """Lines refused so far."""
        self._step = 1 / rate
        self._keys = keys
        self._messages: dict[Hashable, _Message] = {}
        self._untold: set[Hashable] = set()
        # Held for a few instructions. Reentrant: a signal handler may log in the middle of them.
        self._lock = threading.RLock()
        self._pid = os.getpid()

    def admit(self, key: Hashable, now: float) -> int | None:
        """Return how many lines of `key` were refused since the last one that was not; None refuses it."""
        with self._held():
            found = self._messages.get(key)
            if found is None:
                if len(self._messages) >= self._keys:
                    self._forget(now)
                found = self._messages.setdefault(key, _Message())
            found.last = now
            due = max(found.due, now)
            if due - now > max(0.0, 1.0 - self._step):
                found.dropped += 1
                self.dropped += 1
                self._untold.add(key)
                return None
            found.due = due + self._step
            before, found.dropped = found.dropped, 0
            self._untold.discard(key)
            return before

    def quiet(self, now: float) -> list[tuple[Hashable, int]]:
        """Return the keys whose flood has ended, and how many of their lines nobody has told of; once."""
        if not self._untold:
            return []
        with self._held():
            ended = []
            for key in [key for key in self._untold if now - self._messages[key].last >= _QUIET]:
                found = self._messages[key]
                ended.append((key, found.dropped))
                found.dropped = 0
                self._untold.discard(key)
            return ended

    def _held(self) -> AbstractContextManager[object]:
        """Return the lock; in a child of a fork a new one: a thread of the parent may have held the old."""
        if self._pid != os.getpid():
            self._lock, self._pid = threading.RLock(), os.getpid()
        return self._lock

    def _forget(self, now: float) -> None:
        """Make room: by what is below its rate and has nothing to tell, else by the oldest."""
        calm = [key for key, found in self._messages.items() if found.due <= now and not found.dropped]
        for key in calm or list(self._messages)[:1]:
            del self._messages[key]
            self._untold.discard(key)
