"""The last stalls of a worker, in shared memory: what it was doing when it was killed is still to be read."""

from __future__ import annotations

import struct

from holdfast.events import StallSeen
from holdfast.telemetry.board.layout import WORD
from holdfast.telemetry.board.table import cut

__all__ = ["RING_BYTES", "RING_ENTRIES", "StallRing"]

RING_ENTRIES = 64

# sequence, at and duration in ns, line, victims; then the lengths of the four texts, and the texts
# themselves.
_NUMBERS = struct.Struct("=QQQQQHHHH")
_TEXTS = (192, 96, 160, 120)  # file, function, sink, route: bytes of each
_ENTRY_BYTES = -(-(_NUMBERS.size + sum(_TEXTS)) // WORD) * WORD

RING_BYTES = WORD + RING_ENTRIES * _ENTRY_BYTES

_NS = 1_000_000_000


class StallRing:
    """`RING_ENTRIES` entries, the oldest overwritten first; one writing thread, readers in any process.

    Every entry has a sequence number, counted from 1 over all owners of the slot. The writer sets it to zero,
    writes the entry, sets it, and then the ring's count; a reader that finds another number before or after
    copying has met the writer and leaves that entry out.
    """

    __slots__ = ("_count", "_raw")

    def __init__(self, raw: memoryview[int]) -> None:
        """Lay a ring over `raw`, `RING_BYTES` bytes of shared memory."""
        self._raw = raw
        self._count: memoryview[int] = raw[:WORD].cast("Q")

    @property
    def sequence(self) -> int:
        """The number of the newest entry, 0 when there is none."""
        return self._count[0]

    def append(self, stall: StallSeen) -> None:
        """Write `stall`; texts that are too long are cut."""
        sequence = self._count[0] + 1
        start = self._start(sequence)
        texts = [
            cut(text, limit)
            for text, limit in zip((stall.file, stall.function, stall.sink, stall.route), _TEXTS, strict=True)
        ]
        published = self._raw[start : start + WORD].cast("Q")
        published[0] = 0
        numbers = (round(stall.at * _NS), round(stall.duration * _NS), stall.line, stall.victims)
        packed = _NUMBERS.pack(0, *(max(0, n) for n in numbers), *map(len, texts))
        entry = (packed + b"".join(texts))[WORD:]
        self._raw[start + WORD : start + WORD + len(entry)] = entry
        published[0] = sequence
        self._count[0] = sequence

    def read(self, since_sequence: int = 0) -> tuple[list[StallSeen], int]:
        """Return the stalls after `since_sequence` that are still held, oldest first, and where to go on.

        The second value is the `since_sequence` of the next call.
        """
        newest = self._count[0]
        oldest = max(since_sequence, newest - RING_ENTRIES, 0) + 1
        found = (self._entry(sequence) for sequence in range(oldest, newest + 1))
        return [stall for stall in found if stall is not None], newest

    def _start(self, sequence: int) -> int:
        return WORD + (sequence - 1) % RING_ENTRIES * _ENTRY_BYTES

    def _entry(self, sequence: int) -> StallSeen | None:
        start = self._start(sequence)
        copy = bytes(self._raw[start : start + _ENTRY_BYTES])
        before, at, duration, line, victims, *lengths = _NUMBERS.unpack_from(copy)
        after = self._raw[start : start + WORD].cast("Q")[0]
        if before != sequence or after != sequence:
            return None
        texts = []
        offset = _NUMBERS.size
        for length in lengths:
            texts.append(copy[offset : offset + length].decode(errors="replace"))
            offset += length
        file, function, sink, route = texts
        return StallSeen(
            at=at / _NS,
            duration=duration / _NS,
            file=file,
            line=line,
            function=function,
            sink=sink,
            route=route,
            victims=victims,
        )
