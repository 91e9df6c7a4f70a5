"""Why a service did not come up, in one line."""

from __future__ import annotations

import signal
from contextlib import suppress

from holdfast.serve.boot import News
from holdfast.serve.supervisor.actions import BootFailure

__all__ = ["why"]

_STAGES = {
    "lifespan": "in the app's lifespan start-up",
    "import": "importing the app",
}


def why(
    failure: BootFailure, news: News, output: str, returncode: int | None, *, boot: float, workers: int
) -> str:
    """Return the cause: what a worker said, else where it stands, else the last of what was written.

    `output` is what the server wrote, `boot` the deadline in seconds, `workers` how many there should be.
    """
    told = str(news.failures[-1]) if news.failures else ""
    if failure is BootFailure.DEADLINE:
        return f"not serving within {boot:g} s: {told or _standing(news, workers)}"
    return told or _last_words(output) or _ended(returncode)


def _standing(news: News, workers: int) -> str:
    """Return how far the workers came; more of them than there should be have died and been replaced."""
    reached = set(news.stages.values())
    for stage, words in _STAGES.items():
        if stage in reached:
            ended = len(news.stages) - workers
            return f"{ended} ended {words}" if ended > 0 else f"still {words}"
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
