"""The process that the supervisor starts: Gunicorn's master, or ours for Uvicorn and Granian alone."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import sys
from typing import Any

from holdfast.errors import UsageError
from holdfast.serve import gunicorn
from holdfast.serve.options import Options

__all__ = ["ORDER", "SERVERS", "command", "installed"]

ORDER = "HOLDFAST_SETTINGS"
"""The variable with what the master is to do, as JSON."""

SERVERS = ("gunicorn", "uvicorn", "granian")


def installed(server: str, place: str) -> str:
    """Return `server` if it is one that can run here; raises `UsageError` placed at `place` otherwise."""
    if server not in SERVERS:
        raise UsageError(f'expected one of {", ".join(SERVERS)}, not "{server}"', place=place)
    if importlib.util.find_spec(server) is None:
        extra = "serve,granian" if server == "granian" else "serve"
        raise UsageError(f"{server} is not installed: pip install 'holdfast[{extra}]'", place=place)
    return server


def command(options: Options, listener: int) -> tuple[list[str], dict[str, str]]:
    """Return the command, and the variables with its order; `listener` is the inherited descriptor."""
    order: dict[str, Any] = {"parent": os.getpid()}
    if options.server == "gunicorn":
        module = "holdfast.serve.gunicorn"
        order["settings"] = gunicorn.settings(options, listener)
    else:
        module = "holdfast.serve.crew"
        order |= {
            "server": options.server,
            "workers": options.workers,
            "listener": listener,
            "grace": math.ceil(options.grace),
        }
    return [sys.executable, "-m", module, options.app], {ORDER: json.dumps(order)}
