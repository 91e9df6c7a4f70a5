"""A stack from within C code that holds the GIL: opt-in, by faulthandler's own thread, which needs no GIL.

That thread walks the loop's frames without any lock, which is safe only while they do not move. So it is let
loose only when neither the loop has ticked nor the watchdog has looked for `after` seconds. As long as Python
code runs, the watchdog gets its turn within milliseconds and puts the dump off. What is left is one call into
C that has not come back. (After a SIGSTOP it may go off too: nobody could put it off.)

There is one such timer in a process: an app that uses `faulthandler.dump_traceback_later` itself cannot have
this, and a debugger's is taken over.
"""

from __future__ import annotations

import faulthandler
import os
import re
import tempfile
import threading
from pathlib import Path

__all__ = ["LiveDump", "read"]

_HEAD = "holdfast: the loop runs on thread 0x%016x\n"
_LOOP = re.compile(r"holdfast: the loop runs on thread (0x[0-9a-f]+)")
_THREAD = re.compile(r"(?:Thread|Current thread) (0x[0-9a-f]+)\b.*most recent call first")
_FRAME = re.compile(r'  File "(?P<file>.*)", line (?P<line>\d+|\?\?\?) in (?P<function>.*)')

_REARM = 1 / 4
"""Of `after`: putting the timer off makes a thread anew, some 50 us, so it is not done at every tick."""

_MOST = 1 << 20


class LiveDump:
    """Writes the stacks of all threads to `path` (mode 0600), which another process may read; None: nowhere
    else. To be made on the loop's thread; `arm` may be called on any.

    Raises OSError when the file cannot be made.
    """

    __slots__ = ("_armed", "_fd", "_head", "after", "path")

    def __init__(self, after: float, path: Path | None = None) -> None:
        self.after = after
        self.path = path
        self._armed = float("-inf")
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        if path is None:
            self._fd, name = tempfile.mkstemp(prefix="holdfast-dump-")
            os.close(self._fd)
            self._fd = os.open(name, flags)
            Path(name).unlink()
        else:
            self._fd = os.open(path, flags, 0o600)
        self._head = os.write(self._fd, (_HEAD % threading.get_ident()).encode())

    def put_off(self, now: float) -> None:
        """The process runs Python at `now`: no dump before `after` seconds are over, or a quarter less."""
        if now - self._armed >= self.after * _REARM:
            self._armed = now
            faulthandler.dump_traceback_later(self.after, file=self._fd)

    def cancel(self) -> None:
        """No dump until it is put off again."""
        self._armed = float("-inf")
        faulthandler.cancel_dump_traceback_later()

    def take(self) -> tuple[str, ...]:
        """Return the loop's stack of the last dump, as `read` does, and forget it."""
        if os.fstat(self._fd).st_size <= self._head:
            return ()
        found = _frames(os.pread(self._fd, _MOST, 0).decode(errors="replace"))
        os.ftruncate(self._fd, self._head)
        return found

    def close(self) -> None:
        """Cancel, and remove the file."""
        if self._fd >= 0:
            self.cancel()
            os.close(self._fd)
            self._fd = -1
            if self.path is not None:
                self.path.unlink(missing_ok=True)


def read(path: Path) -> tuple[str, ...]:
    """Return the stack of the loop in the last dump in `path`: "file:line function", innermost first.

    Empty when there is no dump, or no such file.
    """
    try:
        with path.open("rb") as file:
            return _frames(file.read(_MOST).decode(errors="replace"))
    except OSError:
        return ()


def _frames(text: str) -> tuple[str, ...]:
    loop = _LOOP.match(text)
    frames: list[str] = []
    taking = False
    for line in text.splitlines():
        if (thread := _THREAD.match(line)) is not None:
            taking = loop is not None and int(thread[1], 16) == int(loop[1], 16)
            if taking:
                frames.clear()  # of an earlier dump
        elif taking and (frame := _FRAME.match(line)) is not None:
            number = frame["line"] if frame["line"].isdigit() else "0"
            frames.append(f"{frame['file']}:{number} {frame['function']}")
    return tuple(frames)
