"""What can be wrong with the tiny service so that a gate starts processes before it finds out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.cli.gated import Folder

Prepare = Callable[[Folder], None]

LIFESPAN = """\
import asyncio
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    {}
    yield

app = FastAPI(lifespan=lifespan)
"""


def as_it_is(_: Folder) -> None:
    """Change nothing."""


def change(*changes: tuple[str, str]) -> Prepare:
    return lambda made: made.change(*changes)


def write(name: str, text: str) -> Prepare:
    return lambda made: made.write(name, text)


def silent(made: Folder) -> None:
    """Let the stand-in run and never listen, on an address of its own: no other gate's port may answer."""
    made.write("stand_in.py", "import time\ntime.sleep(600)\n")
    made.change(("http://127.0.0.1:{port}", "http://127.0.0.77:{port}"))


@dataclass(frozen=True)
class Case:
    """A gate that starts processes before it finds out; `said` are words of its one line."""

    prepare: Prepare
    code: int
    said: tuple[str, ...]
    words: tuple[str, ...] = ()


STARTED = {
    # First the one that has to wait.
    "silent stand-in": Case(
        silent,
        4,
        ("the stand-in of entries runs, but accepted no connection on port",),
    ),
    "never ready": Case(
        write("app.py", LIFESPAN.format("await asyncio.sleep(600)")),
        4,
        ("the service was not ready within 3 s",),
        ("--boot", "3"),
    ),
    "no module": Case(as_it_is, 4, ("nosuch:app did not boot", "No module named 'nosuch'"), ("nosuch:app",)),
    "no attribute": Case(as_it_is, 4, ("app:nope did not boot", "'nope'"), ("app:nope",)),
    "crash": Case(write("app.py", "x = {}\nx['y']\n"), 4, ("did not boot", "KeyError: 'y' (app.py:2)")),
    "lifespan": Case(
        write("app.py", LIFESPAN.format("raise RuntimeError('no database')")),
        4,
        ("did not boot", "lifespan failed: RuntimeError: no database (app.py:7)"),
    ),
    "dead stand-in": Case(
        write("stand_in.py", "import sys\nsys.exit('no licence')\n"),
        4,
        ("the stand-in of entries ended with exit code 1", "no licence"),
    ),
    "no stand-in": Case(
        change(("python stand_in.py", "no-such-program")),
        4,
        ("the stand-in of entries cannot be started: no-such-program",),
    ),
}
