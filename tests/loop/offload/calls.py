"""What the tests have run in threads and processes: at the top of a module, so that processes can load it."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import NoReturn


def pid() -> int:
    return os.getpid()


def add(a: int, *, b: int = 0) -> int:
    return a + b


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def left() -> float | None:
    from holdfast.deadline import remaining

    return remaining()


def kill_me() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def leave(code: int) -> None:
    os._exit(code)


def exits() -> None:
    raise SystemExit(3)


def fail(words: str) -> None:
    raise ValueError(words)


class Stubborn(Exception):
    """Pickles, and does not unpickle."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def fail_stubbornly() -> None:
    raise Stubborn(1, 2)


def unpicklable() -> object:
    return threading.Lock()


def write_and_sleep(path: str, seconds: float) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(seconds)
    Path(path).write_text("finished")


class Crowd:
    """Counts who is inside at the same time, in threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.inside = 0
        self.most = 0
        self.ever = 0

    def work(self, seconds: float) -> float:
        with self._lock:
            self.inside += 1
            self.ever += 1
            self.most = max(self.most, self.inside)
        try:
            time.sleep(seconds)
        finally:
            with self._lock:
                self.inside -= 1
        return seconds
