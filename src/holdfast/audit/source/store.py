"""What an audit keeps for the next one: a small database, of which only what is asked for is read.

An entry has a kind and a name, a small head and a body. Another holdfast than the one that wrote them, or
another Python, begins anew. SQLite makes several audits at a time safe. What it cannot read, or what is not
as it was written, counts as empty, and what cannot be written is not kept: an audit without its cache is
slower, and no worse.

`marshal` runs nothing when it reads, but bytes that are no longer what it wrote may end the process: a sum
guards them. That is against broken disks; who may write to the folder is believed (`holdfast.audit.cache`).
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from holdfast.audit import cache as caches

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Entries", "Store", "digest"]

Entries: TypeAlias = Mapping[str, tuple[Any, Any]]
"""Heads and bodies by name."""

_PATIENCE_S = 0.5
"""How long another audit that writes is waited for."""


def digest(*parts: bytes) -> bytes:
    """Return a key of contents."""
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        made.update(len(part).to_bytes(8, "big"))
        made.update(part)
    return made.digest()


@cache
def _code() -> bytes:
    """Return what changes with the audit: its modules and its libraries, and the Python that runs it."""
    folder = Path(__file__).resolve().parents[1]
    files = sorted(file for file in folder.rglob("*") if file.suffix in (".py", ".toml"))
    return digest(sys.version.encode(), *(file.read_bytes() for file in files))


class Store:
    """The entries of one project in `folder`, as they were when it was opened. To be closed."""

    def __init__(self, folder: Path | None, project: str = "") -> None:
        """Open what `project`, a path, has there. Without a folder there is nothing, and nothing is kept."""
        self._database: sqlite3.Connection | None = None
        if folder is None:
            return
        self._folder = folder
        self._file = caches.file(folder, project)
        try:
            import sqlite3
        except ImportError:  # a Python that was built without
            return
        for _ in range(2):
            try:
                self._database = self._opened()
                return
            except (OSError, sqlite3.OperationalError):  # read only, or locked for long
                return
            except sqlite3.DatabaseError:  # something else: begin anew
                with suppress(OSError):
                    self._file.unlink()

    def _opened(self) -> sqlite3.Connection:
        import sqlite3

        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._file.exists():
            caches.forget(self._folder)
        ignored = self._folder / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", encoding="utf-8")
        database = sqlite3.connect(self._file, timeout=_PATIENCE_S, isolation_level=None)
        try:
            for statement in _SCHEMA:
                database.execute(statement)
            found = database.execute("SELECT body FROM entry WHERE kind = 'code'").fetchone()
            if found is None or found[0] != _code():
                database.execute("BEGIN IMMEDIATE")
                database.execute("DELETE FROM entry")
                database.execute("INSERT INTO entry VALUES ('code', x'', x'', ?)", (_code(),))
                database.execute("COMMIT")
            database.execute("BEGIN")
            database.execute("SELECT count(*) FROM entry WHERE kind = 'code'").fetchone()
        except BaseException:
            database.close()
            raise
        return database

    def heads(self, kind: str) -> dict[str, Any]:
        """Return the heads of all entries of a kind, by name."""
        return {os.fsdecode(name): _read(head) for name, head in self._rows("SELECT name, head", kind)}

    def bodies(self, kind: str) -> dict[str, Any]:
        """Return the bodies of all entries of a kind, by name."""
        return {os.fsdecode(name): _read(body) for name, body in self._rows("SELECT name, body", kind)}

    def body(self, kind: str, name: str) -> Any:
        """Return the body of one entry; None where there is none."""
        return next((_read(one[0]) for one in self._rows("SELECT body", kind, os.fsencode(name))), None)

    def names(self, kind: str) -> set[str]:
        """Return the names of all entries of a kind."""
        return {os.fsdecode(row[0]) for row in self._rows("SELECT name", kind)}

    def _rows(self, select: str, *where: str | bytes) -> list[tuple[Any, ...]]:
        if self._database is None:
            return []
        import sqlite3

        condition = " AND ".join(("kind = ?", "name = ?")[: len(where)])
        try:
            return self._database.execute(f"{select} FROM entry WHERE {condition}", where).fetchall()
        except sqlite3.DatabaseError:
            self._drop()
            return []

    def write(self, kinds: Mapping[str, Entries], gone: Mapping[str, Iterable[str]]) -> None:
        """Keep entries by kind, and drop those that are `gone`: all of it or nothing."""
        if self._database is None:
            return
        import sqlite3

        database = self._database
        rows = (
            (kind, os.fsencode(name), _written(head), _written(body))
            for kind, entries in kinds.items()
            for name, (head, body) in entries.items()
        )
        try:
            database.execute("COMMIT")
            database.execute("BEGIN IMMEDIATE")
            for kind, names in gone.items():
                pairs = ((kind, os.fsencode(name)) for name in names)
                database.executemany("DELETE FROM entry WHERE kind = ? AND name = ?", pairs)
            database.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)", rows)
            database.execute("COMMIT")
        except (sqlite3.OperationalError, ValueError):  # another writes, no room, or nothing for marshal
            self.close()
        except sqlite3.DatabaseError:
            self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _drop(self) -> None:
        """Give up a file that is broken."""
        self.close()
        with suppress(OSError):
            self._file.unlink()


_SCHEMA = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "CREATE TABLE IF NOT EXISTS entry (kind TEXT, name BLOB, head BLOB, body BLOB, PRIMARY KEY (kind, name))",
)


_SUM = 4
"""Bytes of the sum that an entry begins with."""


def _written(value: Any) -> bytes:
    data = marshal.dumps(value)
    return zlib.crc32(data).to_bytes(_SUM, "big") + data


def _read(data: bytes) -> Any:
    """Return what was written; None where it is no longer that."""
    told, body = data[:_SUM], memoryview(data)[_SUM:]
    if zlib.crc32(body) != int.from_bytes(told, "big"):
        return None
    try:
        return marshal.loads(body)  # noqa: S302 - see above
    except (EOFError, ValueError, TypeError):
        return None
