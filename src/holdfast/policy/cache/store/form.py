"""A value in Redis: a head of fixed size, the tags as JSON, the value as JSON."""

from __future__ import annotations

import json
import struct

from holdfast.policy.cache.shared import STAMP_BYTES, Record

__all__ = ["STAMP_AT", "pack", "unpack"]

_MAGIC = b"hfc1"
_HEAD = struct.Struct(f"<4s{STAMP_BYTES}sBdddI")

STAMP_AT = (len(_MAGIC) + 1, len(_MAGIC) + STAMP_BYTES)
"""The first and the last byte of the stamp, counted from 1 as Lua does."""


def pack(record: Record) -> bytes:
    """Return `record` as bytes."""
    tags = json.dumps(record.tags).encode() if record.tags else b""
    head = _HEAD.pack(
        _MAGIC, record.stamp, record.absent, record.expires, record.gone, record.delta, len(tags)
    )
    return head + tags + record.data


def unpack(raw: bytes) -> Record | None:
    """Return what `pack` wrote; None for anything else."""
    if len(raw) < _HEAD.size or not raw.startswith(_MAGIC):
        return None
    _, stamp, absent, expires, gone, delta, length = _HEAD.unpack_from(raw)
    rest = raw[_HEAD.size :]
    try:
        tags = tuple(json.loads(rest[:length])) if length else ()
    except ValueError:
        return None
    if not all(isinstance(tag, str) for tag in tags):
        return None
    return Record(rest[length:], expires, gone, delta, bool(absent), tags, stamp)
