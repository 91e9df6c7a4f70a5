"""What the supervisor tells its workers by the environment, besides the board and the channel."""

from __future__ import annotations

import os
from pathlib import Path

from holdfast.errors import UsageError
from holdfast.serve.options import INTERIM, STALL, Options
from holdfast.telemetry.process import BOARD_VARIABLE

__all__ = [
    "FINISHING",
    "STALL_INTERIM",
    "STALL_THRESHOLD",
    "finishing_told",
    "interim_told",
    "stall_told",
    "told",
]

STALL_THRESHOLD = "HOLDFAST_STALL"
"""Seconds that a loop may stand still unreported."""

STALL_INTERIM = "HOLDFAST_STALL_INTERIM"
"""Seconds after which a stall is first told while it lasts: before the worker is killed for it."""

FINISHING = "HOLDFAST_FINISHING"
"""Seconds that requests in flight have after SIGTERM before they are cancelled."""


def told(options: Options, board: Path) -> dict[str, str]:
    """Return the variables for the workers of a service that runs as `options` say."""
    variables = {
        BOARD_VARIABLE: str(board),
        STALL_THRESHOLD: repr(options.stall),
        STALL_INTERIM: repr(min(INTERIM, options.kill / 2)),
        FINISHING: repr(options.finishing),
    }
    if options.budget is not None:
        variables["HOLDFAST_BUDGET"] = str(options.budget)
        if options.workers_said:  # the guard divides the service's numbers by the workers that really run
            variables["HOLDFAST_SERVICE__WORKERS"] = str(options.workers)
    if options.environment is not None:
        variables["HOLDFAST_ENV"] = options.environment
    return variables


def stall_told() -> float:
    """Return the stall threshold in seconds, the default where no supervisor set one."""
    return _seconds(STALL_THRESHOLD, STALL)


def interim_told() -> float:
    """Return after how many seconds a stall is told while it lasts."""
    return _seconds(STALL_INTERIM, INTERIM)


def finishing_told(default: float) -> float:
    """Return how long requests may finish, in seconds; `default` where no supervisor said."""
    return _seconds(FINISHING, default)


def _seconds(name: str, default: float) -> float:
    text = os.environ.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise UsageError(f"expected a number of seconds above 0, not {text!r}", place=name)
    return value
