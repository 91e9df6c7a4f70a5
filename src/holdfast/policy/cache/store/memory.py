"""Values in this process's memory, bounded in bytes."""

from __future__ import annotations

import sys

from holdfast.policy.cache.core import Entry
from holdfast.policy.cache.eviction import MOST_HITS, S3Fifo

__all__ = ["MemoryStore"]

_OVERHEAD = 450
"""Bytes of an entry beside its key and value: itself, its numbers, its places in the dicts that hold it."""


class MemoryStore:
    """Belongs to one event loop. At most `limit` bytes, measured by `footprint`, keys included.

    What is expired goes as what is not asked for goes: through the queues. `entries` may be read directly,
    see `S3Fifo`.
    """

    __slots__ = ("_queues", "_tagged", "entries")

    def __init__(self, limit: int) -> None:
        self._queues = S3Fifo(limit)
        self._tagged: dict[str, set[str]] = {}
        self.entries = self._queues.entries

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def bytes(self) -> int:
        """Bytes in use."""
        return self._queues.bytes

    def get(self, key: str) -> Entry | None:
        """Return the entry of `key`, which counts as a hit."""
        entry = self.entries.get(key)
        if entry is not None and entry.hits < MOST_HITS:
            entry.hits += 1
        return entry

    def put(self, entry: Entry) -> None:
        """Keep `entry`, whose `size` is that of its value; others may have to leave."""
        entry.size += _OVERHEAD + sys.getsizeof(entry.key) + sum(map(_tag_bytes, entry.tags))
        before = self.entries.get(entry.key)
        if before is not None:
            self._untag(before)
        for tag in entry.tags:
            self._tagged.setdefault(tag, set()).add(entry.key)
        for left in self._queues.add(entry):
            self._untag(left)

    def remove(self, key: str) -> bool:
        """Drop the entry of `key`; return whether there was one."""
        entry = self._queues.remove(key)
        if entry is not None:
            self._untag(entry)
        return entry is not None

    def remove_tag(self, tag: str) -> int:
        """Drop all entries with `tag`; return how many."""
        keys = tuple(self._tagged.get(tag, ()))
        for key in keys:
            self.remove(key)
        return len(keys)

    def expire(self, now: float) -> None:
        """Let nothing be fresh any more; what may be served stale still may, as long as it might have been.

        What is known of it in the shared store is forgotten: if it is there still, it is fresh again.
        """
        for entry in tuple(self.entries.values()):
            if entry.gone <= entry.expires:
                self.remove(entry.key)
            else:
                entry.expires = min(entry.expires, now)
                entry.watch = min(entry.watch, now)
                entry.stamp = b""

    def clear(self) -> None:
        """Drop everything."""
        self._queues.clear()
        self._tagged.clear()

    def _untag(self, entry: Entry) -> None:
        for tag in entry.tags:
            keys = self._tagged.get(tag)
            if keys is not None:
                keys.discard(entry.key)
                if not keys:
                    del self._tagged[tag]


def _tag_bytes(tag: str) -> int:
    # The tag, the set that may be its own, and a place in the index.
    return sys.getsizeof(tag) + 400
