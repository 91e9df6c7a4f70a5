"""What an audit keeps for the next one: a small database, of which only what is asked for is read.

An entry has a kind and a name, a small head and a body. Another holdfast than the one that wrote them, or
another Python, begins anew. SQLite makes several audits at a time safe. Whatever it or `marshal` cannot read
counts as empty, and what cannot be written is not kept: an audit without its cache is slower, and no worse.

`marshal` runs nothing when it reads; whoever may write to the folder can still end the process.
"""

from __future__ import annotations

import hashlib
import marshal
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeAlias

if TYPE_CHECKING:
    import sqlite3

__all__ = ["FOLDER", "Entries", "Store", "digest"]

Entries: TypeAlias = Mapping[str, tuple[Any, Any]]
"""Heads and bodies by name."""

FOLDER = ".holdfast_cache"
"""Where a project's cache is, below its root; version control is told to leave it alone."""

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
        """Open what `project` has there; its name tells it from others that share the folder. Without a
        folder there is nothing, and nothing is kept."""
        self._database: sqlite3.Connection | None = None
        if folder is None:
            return
        self._folder = folder
        self._file = folder / f"audit-{digest(project.encode()).hex()[:12]}.sqlite"
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

        self._folder.mkdir(parents=True, exist_ok=True)
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
                database.execute("INSERT INTO entry VALUES ('code', '', '', ?)", (_code(),))
                database.execute("COMMIT")
            database.execute("BEGIN")
            database.execute("SELECT count(*) FROM entry WHERE kind = 'code'").fetchone()
        except BaseException:
            database.close()
            raise
        return database

    def heads(self, kind: str) -> dict[str, Any]:
        """Return the heads of all entries of a kind, by name."""
        return {name: _read(head) for name, head in self._rows("SELECT name, head", kind)}

    def bodies(self, kind: str) -> dict[str, Any]:
        """Return the bodies of all entries of a kind, by name."""
        return {name: _read(body) for name, body in self._rows("SELECT name, body", kind)}

    def body(self, kind: str, name: str) -> Any:
        """Return the body of one entry; None where there is none."""
        return next((_read(one[0]) for one in self._rows("SELECT body", kind, name)), None)

    def names(self, kind: str) -> set[str]:
        """Return the names of all entries of a kind."""
        return {row[0] for row in self._rows("SELECT name", kind)}

    def _rows(self, select: str, *where: str) -> list[tuple[Any, ...]]:
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
            (kind, name, marshal.dumps(head), marshal.dumps(body))
            for kind, entries in kinds.items()
            for name, (head, body) in entries.items()
        )
        try:
            database.execute("COMMIT")
            database.execute("BEGIN IMMEDIATE")
            for kind, names in gone.items():
                pairs = ((kind, name) for name in names)
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
    "CREATE TABLE IF NOT EXISTS entry (kind TEXT, name TEXT, head BLOB, body BLOB, PRIMARY KEY (kind, name))",
)


def _read(data: bytes) -> Any:
    try:
        return marshal.loads(data)  # noqa: S302 - see above
    except (EOFError, ValueError, TypeError):
        return None
