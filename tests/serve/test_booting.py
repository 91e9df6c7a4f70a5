"""Services that do not come up: one line, the right code, nothing left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.serve.running import APP, Service

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


NEVER = {
    "import": ("import time\ntime.sleep(60)\n", "still importing the app"),
    "lifespan": (LIFESPAN.format("await asyncio.sleep(60)"), "still in the app's lifespan start-up"),
    "looping": ("import os, time\ntime.sleep(0.2)\nos._exit(9)\n", " ended importing the app"),
}


def test_a_service_that_is_never_ready_is_ended_at_the_deadline(start: Start, tmp_path: Path) -> None:
    services = {}
    for name, (source, standing) in NEVER.items():
        (tmp_path / f"{name}_.py").write_text(source)
        log = tmp_path / name
        log.mkdir()
        services[standing] = start(None, "--workers", "1", "--boot", "6", app=f"{name}_:app", output=log)
    for standing, service in services.items():
        assert service.wait() == 4
        (line,) = service.stderr.splitlines()
        assert " did not boot: not serving within 6 s: " in line
        assert standing in line
        assert not service.left()
