"""The process that the crew's master runs in: `python -m holdfast.serve.crew APP`, by the supervisor only."""

from __future__ import annotations

import functools
import json
import os
import signal
import socket
import sys

from holdfast.serve.crew.master import Master
from holdfast.serve.launch import ORDER
from holdfast.serve.lifeline import die_with_parent


def main(app: str) -> int:
    """Run the workers of `app` for as long as the supervisor lives."""
    order = json.loads(os.environ.pop(ORDER))
    # A drain for those who are served, should the supervisor be killed. The workers die with the master.
    die_with_parent(order["parent"], signal.SIGTERM)
    # Here, so that the workers share its memory; nothing of it starts a thread.
    from holdfast.serve.crew.worker import work

    if order["server"] == "granian":
        import granian.server.embed  # noqa: F401

    listener = socket.socket(fileno=order["listener"])
    listener.setblocking(False)
    listener.set_inheritable(False)
    run = functools.partial(work, app, order["server"], order["workers"])
    return Master(run, listener, workers=order["workers"], grace=order["grace"]).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
