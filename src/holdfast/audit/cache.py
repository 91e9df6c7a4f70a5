"""Where caches of audits lie: with the user who runs them, and not in what is read.

A cache decides what the next audit says. One that came with the project, in a clone or a pull request, could
hide whatever it wants.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

__all__ = ["file", "folder", "forget"]

_LONGEST = 200
"""Bytes of a name; file systems take 255, with what SQLite appends."""


def folder() -> Path:
    """Return the user's folder of caches, where the platform has it: `$XDG_CACHE_HOME/holdfast/audit`."""
    import platformdirs  # the command line brings it

    return platformdirs.user_cache_path("holdfast", appauthor=False) / "audit"


def file(folder: Path, project: str) -> Path:
    """Return where the cache of the project at the path `project` is in `folder`."""
    path = os.fsencode(project)
    name = quote_from_bytes(path, safe="")
    if len(name) > _LONGEST:
        name = hashlib.blake2b(path, digest_size=16).hexdigest()
    return folder / f"audit-{name}.sqlite"


def forget(folder: Path) -> None:
    """Remove the caches of projects that are there no longer, as far as their names tell."""
    with suppress(OSError):
        for known in list(folder.glob("audit-*.sqlite")):
            project = Path(os.fsdecode(unquote_to_bytes(known.stem.removeprefix("audit-"))))
            if project.is_absolute() and not project.exists():
                for each in ("", "-wal", "-shm"):
                    known.with_name(f"{known.name}{each}").unlink(missing_ok=True)
