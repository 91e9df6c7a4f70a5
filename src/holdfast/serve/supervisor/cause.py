"""Why a service did not come up, in one line."""

from __future__ import annotations

import signal
from contextlib import suppress

from holdfast.serve.boot import News
from holdfast.serve.supervisor.core import BootFailure

__all__ = ["why"]

_STAGES = {
    "import": "still importing the app",
    "lifespan": "still in the app's lifespan start-up",
}


def why(failure: BootFailure, news: News, output: str, returncode: int | None, boot: float) -> str:
    """Return the cause: what a worker said, else where it stands, else the last of what was written.

    `output` is what the server wrote, `boot` the deadline in seconds.
    """
    told = str(news.failures[-1]) if news.failures else ""
    if failure is BootFailure.DEADLINE:
        return f"not serving within {boot:g} s: {told or _standing(news)}"
    return told or _last_words(output) or _ended(returncode)


def _standing(news: News) -> str:
    stages = {stage for stage in news.stages.values() if stage in _STAGES}
    for stage in ("lifespan", "import"):
        if stage in stages:
            return _STAGES[stage]
    return "no worker started"


def _last_words(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _ended(returncode: int | None) -> str:
    if returncode is None or returncode >= 0:
        return f"the server ended with status {returncode}"
    name = str(-returncode)
    with suppress(ValueError):
        name = signal.Signals(-returncode).name
    return f"the server was ended by {name}"
