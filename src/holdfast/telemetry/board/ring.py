"""The last stalls of a worker, in shared memory: what it was doing when it was killed is still to be read."""

from __future__ import annotations

import struct

from holdfast.events import StallSeen
from holdfast.telemetry.board.layout import WORD
from holdfast.telemetry.board.table import cut

__all__ = ["RING_BYTES", "RING_ENTRIES", "StallRing"]

RING_ENTRIES = 64

# sequence, at and duration in ns, line, victims; then the lengths of the texts, and the texts themselves.
_TEXTS = (192, 96, 160, 120, 64, 16)  # file, function, sink, route, request id, cause: bytes of each
_NUMBERS = struct.Struct(f"=QQQQQ{len(_TEXTS)}H")
_ENTRY_BYTES = -(-(_NUMBERS.size + sum(_TEXTS)) // WORD) * WORD

# One stack, the newest: sequence, at in ns, length of the text, the text.
_STACK = struct.Struct("=QQQ")
_STACK_TEXT = 8192  # bytes: some eighty frames, the innermost first
_STACK_BYTES = _STACK.size + _STACK_TEXT

_STACK_START = WORD + RING_ENTRIES * _ENTRY_BYTES
RING_BYTES = _STACK_START + _STACK_BYTES

_NS = 1_000_000_000


class StallRing:
    """`RING_ENTRIES` entries, the oldest overwritten first; one writing thread, readers in any process.

    Every entry has a sequence number, counted from 1 over all owners of the slot. The writer sets it to zero,
    writes the entry, sets it, and then the ring's count; a reader that finds another number before or after
    copying has met the writer and leaves that entry out. Of the stacks only the newest is kept.
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
        named = (stall.file, stall.function, stall.sink, stall.route, stall.request_id, stall.cause)
        texts = [cut(text, limit) for text, limit in zip(named, _TEXTS, strict=True)]
        published = self._raw[start : start + WORD].cast("Q")
        published[0] = 0
        numbers = (round(stall.at * _NS), round(stall.duration * _NS), stall.line, stall.victims)
        packed = _NUMBERS.pack(0, *(max(0, n) for n in numbers), *map(len, texts))
        entry = (packed + b"".join(texts))[WORD:]
        self._raw[start + WORD : start + WORD + len(entry)] = entry
        if stall.stack:
            self._write_stack(sequence, stall)
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

    def _write_stack(self, sequence: int, stall: StallSeen) -> None:
        text = cut("\n".join(stall.stack), _STACK_TEXT)
        published = self._raw[_STACK_START : _STACK_START + WORD].cast("Q")
        published[0] = 0
        packed = _STACK.pack(0, max(0, round(stall.at * _NS)), len(text))[WORD:] + text
        self._raw[_STACK_START + WORD : _STACK_START + WORD + len(packed)] = packed
        published[0] = sequence

    def _stack(self, sequence: int) -> tuple[str, ...]:
        """Return the stack of entry `sequence`, () when it has none or a newer one stands there."""
        copy = bytes(self._raw[_STACK_START : _STACK_START + _STACK_BYTES])
        whose, _, length = _STACK.unpack_from(copy)
        if whose != sequence or self._raw[_STACK_START : _STACK_START + WORD].cast("Q")[0] != sequence:
            return ()
        return tuple(copy[_STACK.size : _STACK.size + length].decode(errors="replace").split("\n"))

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
        file, function, sink, route, request_id, cause = texts
        return StallSeen(
            at=at / _NS,
            duration=duration / _NS,
            file=file,
            line=line,
            function=function,
            sink=sink,
            route=route,
            victims=victims,
            request_id=request_id,
            cause=cause,
            stack=self._stack(sequence),
        )
