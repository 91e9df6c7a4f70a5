"""Files in a directory: written beside their place, and renamed into it when they are whole.

Whoever writes holds a lock (flock) on what he writes, and the system takes it away with the process, however
that ends: a file that nobody holds is a leftover. No process id to compare, which means nothing in another
container, and no age, which a slow upload has too.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
from contextlib import suppress
from pathlib import Path

import anyio.to_thread

from holdfast.loop.offload.threads import OPEN, current
from holdfast.loop.offload.uncut import uncut

__all__ = ["Disk"]

_PARTIAL = re.compile(r"\.[0-9a-f]{32}(\.\w+)?\.part")


class Disk:
    """A sink: the files of `directory`, which is made where it is missing.

    The disk is touched in threads only, within the service's slots for them. A file is on the disk before it
    has its name (fsync), so that a crash of the machine leaves a whole one or none.
    """

    __slots__ = ("_directory",)

    def __init__(self, directory: Path | str) -> None:
        self._directory = Path(directory)

    async def open(self, name: str, media_type: str) -> _Partial:
        """Begin the file `name`."""
        partial = _Partial(self._directory, name)
        try:
            await current().run(partial.open)
        except BaseException:
            await partial.discard()
            raise
        return partial

    async def sweep(self) -> int:
        """Remove partial files that no process holds; return how many."""
        return await current().run(_sweep, self._directory)


class _Partial:
    """A file on its way: as `Writing` says."""

    __slots__ = ("_directory", "_fd", "_final", "_here")

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._final = directory / name
        self._here = directory / f".{name}.part"
        self._fd = -1

    def open(self) -> None:
        """Create it, and hold it; in a thread."""
        self._directory.mkdir(parents=True, exist_ok=True)
        while True:
            self._fd = os.open(self._here, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            if os.fstat(self._fd).st_nlink:
                return
            os.close(self._fd)  # a sweep came between the two, and took it for a leftover
            self._fd = -1

    async def write(self, data: bytes) -> None:
        """Append `data`."""
        await current().run(self._write, data)

    async def commit(self) -> str:
        """Rename it into its place; return the path."""
        await current().run(self._commit)
        return str(self._final)

    async def discard(self) -> None:
        """Remove it; without waiting for a slot, which may be refused, and there must be nothing left."""
        try:
            await uncut(anyio.to_thread.run_sync(self._discard, limiter=OPEN))
        except asyncio.CancelledError:
            self._discard()  # cancelled again, before the thread had begun
            raise

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(self._fd, left) :]

    def _commit(self) -> None:
        os.fsync(self._fd)
        self._here.rename(self._final)
        directory = os.open(self._directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        self._close()

    def _discard(self) -> None:
        self._here.unlink(missing_ok=True)
        self._final.unlink(missing_ok=True)
        self._close()

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _sweep(directory: Path) -> int:
    swept = 0
    with suppress(FileNotFoundError), os.scandir(directory) as entries:
        for entry in entries:
            if _PARTIAL.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                swept += _remove_unheld(entry.path)
    return swept


def _remove_unheld(path: str) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Held, so that nobody else begins to write it; another sweep may have removed it just before.
        Path(path).unlink()
    except (BlockingIOError, FileNotFoundError):
        return False
    finally:
        os.close(fd)
    return True
