"""Where uploads go: the protocol that a disk, an object store or a scanner in between fits.

For an object store: `open` creates a multipart upload, `write` gathers a part and sends it, `commit`
completes it, `discard` aborts it (or deletes what was completed), and `sweep` aborts what is old.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Sink", "Writing"]


class Writing(Protocol):
    """One file on its way. One call at a time, each of which may be cancelled; `discard` follows then."""

    async def write(self, data: bytes) -> None:
        """Take the next bytes, 256 KiB but for the last. Raises OSError, ENOSPC where there is no room."""

    async def commit(self) -> str:
        """Let it be seen, whole; return where: a path, a key, an address. Before, nobody sees anything."""

    async def discard(self) -> None:
        """Leave nothing of it, committed or not, also when cancelled meanwhile; again, it does nothing."""


class Sink(Protocol):
    """Where files are put."""

    async def open(self, name: str, media_type: str) -> Writing:
        """Begin a file; cancelled, or failed, it leaves nothing.

        `name` is new and made by the server; `media_type` was recognised by the content.
        """

    async def sweep(self) -> int:
        """Remove what processes that are gone left unfinished; return how many. Others may be writing."""
