"""How many bytes a value takes in memory."""

from __future__ import annotations

import sys
from enum import Enum
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any

__all__ = ["footprint"]

_APART = (type, Enum, FunctionType, ModuleType)
"""What is there anyway, and is only pointed at."""

_LEAVES = frozenset({str, bytes, int, float})


def footprint(value: Any) -> int:
    """Return the bytes of `value` and of all that only it is known to hold; what it holds twice counts once.

    Follows containers, attributes and slots. An object that hides what it holds counts as itself.
    """
    total, pending, seen = 0, [value], set()
    while pending:
        item = pending.pop()
        kind = item.__class__
        if item is None or kind is bool or id(item) in seen or isinstance(item, _APART):
            continue
        seen.add(id(item))
        total += sys.getsizeof(item)
        if kind in _LEAVES:
            continue
        if isinstance(item, dict):
            pending.extend(item)
            pending.extend(item.values())
        elif isinstance(item, (list, tuple, set, frozenset)):
            pending.extend(item)
        else:
            pending.append(getattr(item, "__dict__", None))
            pending.extend([getattr(item, name, None) for name in _slots(kind)])
    return total


@lru_cache(maxsize=1024)
def _slots(kind: type) -> tuple[str, ...]:
    """Return the names of the slots of a class and its bases."""
    found: list[str] = []
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        found += (slots,) if isinstance(slots, str) else slots
    return tuple(name for name in found if name not in ("__dict__", "__weakref__"))
