"""Which entry makes room: S3-FIFO, by bytes.

Most keys of a real trace are asked for once within the time that a cache keeps them. Under LRU each of them
travels the whole list before it goes; here they leave through a small queue, a tenth of the room, and only
what was asked for again while it was there comes into the main one. Keys that have just left are remembered:
one that comes back goes to the main queue at once. A hit adds to a counter and moves nothing.

After Yang, Zhang, Qiu, Yue and Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023. Sizes
are bytes instead of objects; what is remembered of keys that have left counts as well.
"""

from __future__ import annotations

from collections import OrderedDict

from holdfast.policy.cache.core import Entry

__all__ = ["MOST_HITS", "S3Fifo"]

MOST_HITS = 3
"""A hit beyond this one is not counted: two bits, as in the paper."""

_SMALL = 0.1
"""The small queue's share, as in the paper."""

_REMEMBERED = 240
"""Bytes that remembering a key takes beside its characters: the string, and a node of an ordered dict."""


class S3Fifo:
    """At most `capacity` bytes, those of `entries` and of the keys that have left.

    `entries` may be read directly; whoever finds one there raises its `hits` up to MOST_HITS.
    """

    __slots__ = (
        "_capacity",
        "_ghosts",
        "_ghosts_bytes",
        "_main",
        "_main_bytes",
        "_small",
        "_small_bytes",
        "entries",
    )

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._small: OrderedDict[str, None] = OrderedDict()
        self._main: OrderedDict[str, None] = OrderedDict()
        self._ghosts: OrderedDict[str, None] = OrderedDict()
        self._small_bytes = self._main_bytes = self._ghosts_bytes = 0
        self.entries: dict[str, Entry] = {}

    @property
    def bytes(self) -> int:
        """Bytes in use."""
        return self._small_bytes + self._main_bytes + self._ghosts_bytes

    def add(self, entry: Entry) -> list[Entry]:
        """Keep `entry`, in the place of another of its key; return those that had to leave for it.

        One that is larger than the whole capacity leaves at once.
        """
        key = entry.key
        before = self.entries.get(key)
        if entry.size > self._capacity:
            if before is not None:
                self.remove(key)
            return [entry]
        self.entries[key] = entry
        if before is not None:  # a new value of a known key: what is known of the key holds
            entry.hits = before.hits
            self._grow(key in self._main, entry.size - before.size)
        elif key in self._ghosts:
            self._forget(key)
            self._main[key] = None
            self._main_bytes += entry.size
        else:
            self._small[key] = None
            self._small_bytes += entry.size
        left: list[Entry] = []
        while self.bytes > self._capacity:
            self._leave(left)
        return left

    def remove(self, key: str) -> Entry | None:
        """Drop the entry of `key`; return it, None where there was none."""
        entry = self.entries.pop(key, None)
        if entry is not None:
            main = key in self._main
            del (self._main if main else self._small)[key]
            self._grow(main, -entry.size)
        return entry

    def clear(self) -> None:
        """Drop everything, what is known of keys included."""
        for kept in (self.entries, self._small, self._main, self._ghosts):
            kept.clear()
        self._small_bytes = self._main_bytes = self._ghosts_bytes = 0

    def _grow(self, main: bool, size: int) -> None:
        if main:
            self._main_bytes += size
        else:
            self._small_bytes += size

    def _leave(self, left: list[Entry]) -> None:
        """Let one entry leave, or move on."""
        if self._small and (self._small_bytes > self._capacity * _SMALL or not self._main):
            self._leave_small(left)
        elif self._main:
            self._leave_main(left)
        else:
            self._forget(next(iter(self._ghosts)))

    def _leave_small(self, left: list[Entry]) -> None:
        key, _ = self._small.popitem(last=False)
        entry = self.entries[key]
        self._small_bytes -= entry.size
        if entry.hits > 1:
            entry.hits = 0
            self._main[key] = None
            self._main_bytes += entry.size
            return
        left.append(self.entries.pop(key))
        self._ghosts[key] = None
        self._ghosts_bytes += _REMEMBERED + len(key)
        # As many as there are entries: a key that has been away for longer than that is no better than new.
        while len(self._ghosts) > len(self.entries) + 1:
            self._forget(next(iter(self._ghosts)))

    def _leave_main(self, left: list[Entry]) -> None:
        key = next(iter(self._main))
        entry = self.entries[key]
        if entry.hits:
            entry.hits -= 1
            self._main.move_to_end(key)
            return
        del self._main[key]
        self._main_bytes -= entry.size
        left.append(self.entries.pop(key))

    def _forget(self, key: str) -> None:
        del self._ghosts[key]
        self._ghosts_bytes -= _REMEMBERED + len(key)
