"""A worker process: `python -m holdfast.loop.offload.child FD PARENT`. Runs one call after the other.

It ends when its socket does, and by the kernel's hand when its parent dies. Signals that a terminal or a
service manager sends to the whole group are left to the parent, which drains: handled here and not ignored,
since what is ignored stays so in whatever a call starts.
"""

from __future__ import annotations

import pickle
import signal
import socket
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from multiprocessing import spawn

from holdfast.lifeline import die_with_parent
from holdfast.loop.offload.wire import Job, Load, Loaded, Prepare, Reply, receive, send

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Serve the socket `arguments[0]` of the process `arguments[1]` until it closes."""
    for sig in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sig, lambda *_: None)
    die_with_parent(int(arguments[1]), signal.SIGKILL)
    connection = socket.socket(fileno=int(arguments[0]))
    try:
        while True:
            message = receive(connection)
            if isinstance(message, Prepare):
                spawn.prepare(message.data)
            elif isinstance(message, Load):
                _load(message)
                send(connection, Loaded())
            elif isinstance(message, Job):
                send(connection, _run(message))
    except (EOFError, ConnectionError, BrokenPipeError):
        return


def _load(asked: Load) -> None:
    with suppress(Exception):
        if asked.main is not None:
            spawn.prepare({"init_main_from_path": asked.main})
        else:
            import_module(asked.module)


def _run(job: Job) -> Reply:
    try:
        func, args, kwargs = pickle.loads(job.call)  # noqa: S301 - from the parent
        token = None
        if job.deadline is not None:
            from holdfast.policy.deadline import ambient

            token = ambient.tighten(job.deadline)
        try:
            result = func(*args, **kwargs)
        finally:
            if token is not None:
                ambient.restore(token)
        return Reply(pickle.dumps(result, pickle.HIGHEST_PROTOCOL))
    except BaseException as error:  # noqa: BLE001 - whatever it was, the caller is told
        return _failed(error)


def _failed(error: BaseException) -> Reply:
    """Return `error` as a reply: itself if it survives pickling, else a RuntimeError with its words."""
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, Exception):
        try:
            pickled = pickle.dumps(error, pickle.HIGHEST_PROTOCOL)
            pickle.loads(pickled)  # noqa: S301 - many an exception pickles and does not unpickle
            return Reply(pickled, failed=True, trace=trace)
        except Exception:  # noqa: BLE001, S110 - its words must do
            pass
    told = RuntimeError(f"{type(error).__module__}.{type(error).__qualname__}: {error}")
    return Reply(pickle.dumps(told), failed=True, trace=trace)


if __name__ == "__main__":
    main(sys.argv[1:])
