"""What the supervisor tells its workers by the environment, besides the board and the channel."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from holdfast.errors import UsageError
from holdfast.serve.options import CLOSING, INTERIM, KEEPALIVE, STALL, Options
from holdfast.telemetry.process import BOARD_VARIABLE

__all__ = ["FINISHING", "STALL_INTERIM", "STALL_THRESHOLD", "Terms", "terms", "told"]

STALL_THRESHOLD = "HOLDFAST_STALL"
"""Seconds that a loop may stand still unreported."""

STALL_INTERIM = "HOLDFAST_STALL_INTERIM"
"""Seconds after which a stall is first told while it lasts: before the worker is killed for it."""

FINISHING = "HOLDFAST_FINISHING"
"""Seconds that requests in flight have after the announcement before they are cancelled."""

_CLOSING = "HOLDFAST_CLOSING"
_KEEPALIVE = "HOLDFAST_KEEPALIVE"
_PROXIES = "HOLDFAST_PROXIES"
_DUE = "HOLDFAST_DUE"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a worker works; times in seconds.

    `finishing` None: nobody said, and the server's own setting holds. `proxies`: addresses and networks whose
    X-Forwarded-For is believed. `due`: after how many requests it asks to be replaced, and up to how many
    more at random; 0 never.
    """

    stall: float = STALL
    interim: float = INTERIM
    finishing: float | None = None
    closing: float = CLOSING
    keepalive: float = KEEPALIVE
    proxies: tuple[str, ...] = ()
    due: tuple[int, int] = (0, 0)


def told(options: Options, board: Path) -> dict[str, str]:
    """Return the variables for the workers of a service that runs as `options` say."""
    variables = {
        BOARD_VARIABLE: str(board),
        STALL_THRESHOLD: repr(options.stall),
        STALL_INTERIM: repr(min(INTERIM, options.kill / 2)),
        FINISHING: repr(options.finishing),
        _CLOSING: repr(options.closing),
        _KEEPALIVE: repr(options.keepalive),
        _PROXIES: ",".join(options.proxies),
        _DUE: f"{options.max_requests},{options.jitter}",
    }
    if options.budget is not None:
        variables["HOLDFAST_BUDGET"] = str(options.budget)
        if options.workers_said:  # the guard divides the service's numbers by the workers that really run
            variables["HOLDFAST_SERVICE__WORKERS"] = str(options.workers)
    if options.environment is not None:
        variables["HOLDFAST_ENV"] = options.environment
    return variables


def terms() -> Terms:
    """Return what this process was told, defaults where no supervisor said."""
    first, more = map(int, os.environ.get(_DUE, "0,0").split(","))
    return Terms(
        stall=_seconds(STALL_THRESHOLD, STALL),
        interim=_seconds(STALL_INTERIM, INTERIM),
        finishing=_seconds(FINISHING, 0.0) if FINISHING in os.environ else None,
        closing=_seconds(_CLOSING, CLOSING),
        keepalive=_seconds(_KEEPALIVE, KEEPALIVE),
        proxies=tuple(filter(None, os.environ.get(_PROXIES, "").split(","))),
        due=(first, more),
    )


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
