"""What a command is: whether sending it again does no harm, and whether it waits on purpose."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from redis.commands.cluster import READ_COMMANDS

__all__ = ["Command", "name_of", "repeatable", "waits"]

Command = Sequence[Any]
"""A command as redis-py has it: its name, then its arguments."""

_READS = READ_COMMANDS | {"ECHO", "PING", "TIME"}

# They leave the same behind and answer the same, how often ever they are sent.
_WRITES = frozenset({"MSET", "PSETEX", "SET", "SETEX"})

# With one of these a SET depends on what was there, or answers with it; the first attempt has changed that.
_CONDITIONAL = frozenset({"GET", "IFDEQ", "IFDNE", "IFEQ", "IFNE", "NX", "XX"})

_WAITS = frozenset(
    {"BLMOVE", "BLMOVEM", "BLMPOP", "BLPOP", "BRPOP", "BRPOPLPUSH", "BZMPOP", "BZPOPMAX", "BZPOPMIN"}
    | {"WAIT", "WAITAOF"}
)


def name_of(command: Command) -> str:
    """Return its name in capitals, as "GET" or "CLIENT INFO"."""
    return _word(command[0])


def repeatable(command: Command, more: Collection[str] = ()) -> bool:
    """Return whether it may be sent again when its reply was lost; `more`: names that may as well."""
    name = name_of(command)
    if name == "SET":
        return not any(_word(word) in _CONDITIONAL for word in command[3:])
    return name in _READS or name in _WRITES or name in more


def waits(command: Command) -> bool:
    """Return whether it waits for something to happen in Redis, so that it is not late when it is slow."""
    name = name_of(command)
    return name in _WAITS or (name in ("XREAD", "XREADGROUP") and "BLOCK" in map(_word, command[1:]))


def _word(word: Any) -> str:
    if isinstance(word, (bytes, bytearray)):
        return word.decode("ascii", "replace").upper()
    return word.upper() if isinstance(word, str) else ""
