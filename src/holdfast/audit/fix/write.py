"""Changed files on disk: whole or not at all, and never over what somebody else wrote meanwhile."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

__all__ = ["write"]

_WRITABLE = 0o222


def write(file: Path, before: bytes, after: bytes) -> str:
    """Put `after` where `before` stands; return why not, "" when it is done.

    Mode, owner and, where `file` is a link, the link stay. A file without a permission to write is not
    replaced, though the folder would allow it, and neither is one with a second name, which would keep the
    old text.
    """
    file = file.resolve()
    try:
        status = file.stat()
        if not status.st_mode & _WRITABLE or not os.access(file, os.W_OK):
            return "it is read-only"
        if status.st_nlink > 1:
            return "it has another name (a hard link)"
        if file.read_bytes() != before:
            return "it was changed meanwhile"
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(after)
                out.flush()
                os.fchmod(out.fileno(), status.st_mode & 0o7777)
                with suppress(PermissionError):
                    os.fchown(out.fileno(), status.st_uid, status.st_gid)
                os.fsync(out.fileno())
            Path(name).replace(file)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        return error.strerror or str(error)
    return ""
