"""What a store that several processes share is asked, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

__all__ = ["STAMP_BYTES", "Lease", "Record", "SharedStore"]

STAMP_BYTES = 8
"""Random bytes that tell a value from others of its key."""


@dataclass(frozen=True, slots=True)
class Record:
    """A value as it is stored: JSON. `expires` and `gone`: seconds since 1970. The rest as in `Entry`."""

    data: bytes
    expires: float
    gone: float
    delta: float
    absent: bool = False
    tags: tuple[str, ...] = ()
    stamp: bytes = b""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to compute `key`, for one process at a time.

    `fence`: who holds it, compared in whatever is written under it. `began`: how many tags had been
    invalidated by then.
    """

    key: str
    fence: bytes
    began: int


class SharedStore(Protocol):
    """One per event loop. Every method but `listen`, `start` and `aclose` raises StoreUnavailable."""

    async def look(self, key: str) -> Record | None:
        """Return what is stored."""

    async def begin(self, key: str, known: bytes) -> Record | Lease | None:
        """Return what is stored unless its stamp is `known`; else a lease; None where another has it."""

    async def fill(self, lease: Lease, record: Record) -> bool:
        """Store under a lease, which ends. False where it was lost, or what it computed is invalid by now."""

    async def renew(self, lease: Lease) -> bool:
        """Keep a lease for as long again; False where it was lost."""

    async def release(self, lease: Lease) -> None:
        """Give a lease back."""

    async def put(self, key: str, record: Record) -> None:
        """Store, whoever is computing; all other processes are told."""

    async def drop(self, key: str) -> bool:
        """Forget, and let nobody store what was begun before; all are told. Whether there was something.

        Where the store does not answer this is done as soon as it does.
        """

    async def drop_tag(self, tag: str) -> None:
        """The same for everything with `tag`."""

    def listen(self, gone: Callable[[str, str], None]) -> None:
        """Have `gone(kind, subject)` called for what others drop: "key", "tag", or "all" after a gap."""

    async def start(self) -> None:
        """Begin to listen."""

    async def aclose(self) -> None:
        """Give back what it holds."""
