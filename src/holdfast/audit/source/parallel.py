"""Many files to their forms, on all cores."""

from __future__ import annotations

import gc
import marshal
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from holdfast.audit.source.find import Found
from holdfast.audit.source.packing import packed
from holdfast.audit.source.read import read

__all__ = ["parse", "quiet", "serve"]

_ALONE = 4 << 20
"""Bytes of source that one process reads sooner than others have started."""


@contextmanager
def quiet() -> Iterator[None]:
    """Let the garbage collector rest: forms are millions of tuples without a cycle, which it would walk."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def parse(files: Sequence[Found]) -> list[tuple[Any, ...]]:
    """Return the packed forms of `files`, in their order."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with quiet():
        if workers > 1 and sum(_size(found.file) for found in files) > _ALONE:
            return _on_all_cores(files, workers)
        return _share([(found.path, str(found.file)) for found in files])


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _on_all_cores(files: Sequence[Found], workers: int) -> list[tuple[Any, ...]]:
    """Return the packed forms of `files`, a share of them read here and one by each other process."""
    named = [(found.path, str(found.file)) for found in files]
    shares = [named[first::workers] for first in range(workers)]
    others = [_Other(share) for share in shares[1:]]
    read_here = _share(shares[0])
    forms: list[tuple[Any, ...]] = [()] * len(files)
    for first, share in enumerate([read_here, *(other.forms() for other in others)]):
        forms[first::workers] = share
    return forms


def _share(files: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
    return [packed(read(path, Path(file))) for path, file in files]


class _Other:
    """A process that reads a share of the files.

    It is no child of multiprocessing: that would run the main module again, and import from the working
    directory, which is often the project that is read.
    """

    def __init__(self, files: Sequence[tuple[str, str]]) -> None:
        self._files = files
        self._child: subprocess.Popen[bytes] | None = None
        paths = [path for path in sys.path if Path(path).is_absolute()]
        code = f"import sys; sys.path[:] = {paths!r}; from {__name__} import serve; serve()"
        try:
            self._child = subprocess.Popen(  # noqa: S603 - this Python, and a text of our own
                [sys.executable, "-P", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        except OSError:
            return  # no room for another process
        with suppress(OSError):
            assert self._child.stdin is not None  # noqa: S101 - it was asked for
            self._child.stdin.write(marshal.dumps(list(files)))
            self._child.stdin.close()

    def forms(self) -> list[tuple[Any, ...]]:
        """Return the packed forms; read here where the process did not."""
        data = b""
        if self._child is not None and self._child.stdout is not None:
            with self._child:
                data = self._child.stdout.read()
        try:
            found = marshal.loads(data)  # noqa: S302 - of a process of our own
        except (EOFError, ValueError, TypeError):
            found = None
        return found if isinstance(found, list) and len(found) == len(self._files) else _share(self._files)


def serve() -> None:
    """Read the files that standard input names, and write their forms to standard output."""
    files = marshal.loads(sys.stdin.buffer.read())  # noqa: S302 - of a process of our own
    with quiet():
        sys.stdout.buffer.write(marshal.dumps(_share(files)))
