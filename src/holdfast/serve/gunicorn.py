"""Gunicorn as our child: its settings, and the process that it runs in.

The settings are complete: neither a gunicorn.conf.py nor GUNICORN_CMD_ARGS changes them, so that what runs is
what the budget says.

Run as `python -m holdfast.serve.gunicorn APP`, by the supervisor only.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
from pathlib import Path
from typing import Any

from holdfast.policy.mode import Mode
from holdfast.serve.importing import import_app
from holdfast.serve.lifeline import die_with_parent
from holdfast.serve.options import Options

__all__ = ["main", "settings"]

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - Gunicorn makes its own names there


def settings(options: Options, listener: int) -> dict[str, Any]:
    """Return Gunicorn's settings for `options`, listening on the inherited descriptor `listener`."""
    return {
        "bind": [f"fd://{listener}"],
        "workers": options.workers,
        "worker_class": "holdfast.serve.worker.Worker",
        # The supervisor kills a blocked worker and names its line; this is for a supervisor that hangs. A
        # worker that leaves alone does not beat for Gunicorn any more, and has its time.
        "timeout": _backstop(options),
        # It ends in SIGKILL; the workers cancel what is left some time before, so that the app can close.
        "graceful_timeout": math.ceil(options.grace),
        "keepalive": math.ceil(options.keepalive),
        "max_requests": 0,  # the worker asks the supervisor, who has another one come first
        # A heartbeat on a disk blocks when the disk does.
        "worker_tmp_dir": str(_SHARED_MEMORY) if os.access(_SHARED_MEMORY, os.W_OK) else None,
        # A thread in the process that forks.
        "control_socket_disable": True,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": "warning",
        "proc_name": options.app,
    }


def _backstop(options: Options) -> int:
    """Return Gunicorn's own timeout; 0, none, where nobody is to be killed for standing still."""
    if options.kill_mode is not Mode.ENFORCE:
        return 0
    return math.ceil(max(2 * options.kill, options.keepalive + options.grace)) + 5


def main(app: str) -> None:
    """Run Gunicorn on `app` with the settings in the environment, for as long as the supervisor lives."""
    order = json.loads(os.environ.pop("HOLDFAST_SETTINGS"))
    # A drain for those who are served, should the supervisor be killed. Its workers die with the master.
    die_with_parent(order["parent"], signal.SIGTERM)

    from gunicorn.app.base import BaseApplication
    from gunicorn.glogging import Logger

    class Log(Logger):  # type: ignore[misc]
        def error(self, msg: str, *args: Any, **kwargs: Any) -> None:
            # Who sends SIGKILL here is mostly the supervisor, and it has said why.
            super().error(msg.removesuffix(" Perhaps out of memory?"), *args, **kwargs)

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in order["settings"].items():
                self.cfg.set(name, value)
            self.cfg.set("logger_class", Log)

        def load(self) -> Any:
            return import_app(app)

    os.environ.pop("GUNICORN_CMD_ARGS", None)
    Server().run()


if __name__ == "__main__":
    main(sys.argv[1])
