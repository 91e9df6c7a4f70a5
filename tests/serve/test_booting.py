"""Services that do not come up: one line, the right code, nothing left."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.serve.running import APP, SERVERS, Service

Start = Callable[..., Service]

LIFESPAN = """
import asyncio
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    {}
    yield

app = FastAPI(lifespan=lifespan)
"""

FAILING = {
    "missing module": (None, "nosuch:app", "ModuleNotFoundError: No module named 'nosuch'"),
    "missing import": (
        "import nosuch\n",
        "app:app",
        "ModuleNotFoundError: No module named 'nosuch' (app.py:1)",
    ),
    "missing attribute": (APP, "app:nope", "Failed to find attribute 'nope' in 'app'."),
    "no app": ("app = 3\n", "app:app", "Application object must be callable."),
    "raises": ("def f():\n    return {}['x']\nf()\n", "app:app", "KeyError: 'x' (app.py:2)"),
    "syntax": ("def f(:\n    pass\n", "app:app", "SyntaxError: invalid syntax (app.py:1)"),
    "exits": (
        "import sys\nsys.exit('DSN is not set')\n",
        "app:app",
        "the app called sys.exit('DSN is not set')",
    ),
    "lifespan": (
        LIFESPAN.format("raise RuntimeError('no database')"),
        "app:app",
        "lifespan failed: RuntimeError: no database (app.py:8)",
    ),
    "dies": (
        "import os\nos.kill(os.getppid(), 9)\nimport time\ntime.sleep(9)\n",
        "app:app",
        "ended by SIGKILL",
    ),
}


DEADLINE = 8
"""Seconds to boot: time enough to come as far as NEVER says, whatever else runs."""

HANGING = LIFESPAN.format("await asyncio.sleep(60)")
NEVER = {
    "import": ("import time\ntime.sleep(60)\n", "still importing the app"),
    "looping": ("import os, time\ntime.sleep(0.2)\nos._exit(9)\n", " ended importing the app"),
    **dict.fromkeys(SERVERS, (HANGING, "still in the app's lifespan start-up")),
}


@pytest.fixture(scope="module", autouse=True)
def never(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    """Services that are never ready, started first: their deadline passes while other tests run."""
    started = {}
    try:
        for name, (source, _) in NEVER.items():
            folder = tmp_path_factory.mktemp("never")
            (folder / "app.py").write_text(source)
            words = ("--workers", "1", "--boot", str(DEADLINE))
            server = ("--server", name) if name in SERVERS else ()
            started[name] = Service(folder, "app:app", *words, *server, output=folder)
        yield started
    finally:
        for service in started.values():
            service.destroy()


@pytest.mark.parametrize(("source", "app", "cause"), FAILING.values(), ids=FAILING)
def test_a_service_that_cannot_boot_says_why_in_one_line(
    start: Start, source: str, app: str, cause: str
) -> None:
    service = start(source, "--workers", "1", app=app)
    assert service.wait() == 4
    lines = service.stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"holdfast: error: {app} did not boot: ")
    assert cause in lines[0]
    assert not service.left()


def test_verbose_shows_all_that_was_written(start: Start) -> None:
    service = start("import nosuch\n", "--workers", "1", "--verbose")
    assert service.wait() == 4
    assert "Traceback (most recent call last)" in service.stderr
    assert "holdfast: error: app:app did not boot: ModuleNotFoundError" in service.stderr


def test_a_service_that_is_never_ready_is_ended_at_the_deadline(never: dict[str, Service]) -> None:
    for name, service in never.items():
        assert service.wait() == 4
        (line,) = service.stderr.splitlines()
        assert f" did not boot: not serving within {DEADLINE} s: " in line
        assert NEVER[name][1] in line
        assert not service.left()
