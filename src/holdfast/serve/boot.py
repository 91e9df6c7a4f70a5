"""How booting goes, told by the workers and read by the supervisor.

A worker that cannot boot says why in one line of JSON through a pipe, so that the supervisor need not guess
it from a traceback. Lines are shorter than PIPE_BUF, so that those of several workers do not mix.
"""

from __future__ import annotations

import json
import os
import re
import sysconfig
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from holdfast.errors import UsageError

__all__ = ["Due", "Failed", "News", "Reporter", "Stage", "explain", "explain_text"]

_LONGEST = 600
"""Characters of an error; with its place it stays below the 4096 bytes of PIPE_BUF."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A worker has come to a stage: "import", "lifespan"."""

    pid: int
    stage: str


@dataclass(frozen=True, slots=True)
class Due:
    """A worker has served as many requests as it should, and asks to be replaced."""

    pid: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A worker cannot boot: `error` in one line, `place` the innermost file:line of the service's code."""

    pid: int
    stage: str
    error: str
    place: str = ""

    def __str__(self) -> str:
        """Return the cause as a user reads it."""
        told = f"{self.error} ({self.place})" if self.place else self.error
        return f"lifespan failed: {told}" if self.stage == "lifespan" else told


class Reporter:
    """The worker's side."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def say(self, news: Stage | Failed | Due) -> None:
        """Write one line; a supervisor that has gone is no error here."""
        line = json.dumps({type(news).__name__: asdict(news)}) + "\n"
        with suppress(OSError):
            os.write(self._fd, line.encode())


class News:
    """The supervisor's side: `read` what has come in.

    `stages` by pid and `failures` are kept; so is `due`, the pids that ask to be replaced.
    """

    __slots__ = ("_fd", "_rest", "due", "failures", "stages")

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._rest = b""
        self.stages: dict[int, str] = {}
        self.failures: list[Failed] = []
        self.due: set[int] = set()

    def read(self) -> list[Failed]:
        """Read what is there; returns the new failures."""
        new: list[Failed] = []
        with suppress(BlockingIOError):
            while chunk := os.read(self._fd, 65536):
                self._rest += chunk
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            (kind, fields), *_ = json.loads(line).items()
            if kind == "Failed":
                new.append(Failed(**fields))
            elif kind == "Due":
                self.due.add(fields["pid"])
            else:
                self.stages[fields["pid"]] = fields["stage"]
        self.failures += new
        return new


def explain(error: BaseException) -> tuple[str, str]:
    """Return what happened in one line and where, "" when nowhere in the service's own code."""
    if isinstance(error, SystemExit):
        said = f"the app called sys.exit({error.code!r})"
    else:
        said = traceback.format_exception_only(error)[-1]
        if isinstance(error, UsageError):
            said = str(error)  # its message says all
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{_short(error.filename)}:{error.lineno}"
        said = f"{type(error).__name__}: {error.msg}"
    else:
        frames = traceback.extract_tb(error.__traceback__)
        place = _own([(frame.filename, frame.lineno or 0) for frame in frames])
    return _one_line(said), place


_FRAME = re.compile(r'^ *File "(?P<file>[^"]+)", line (?P<line>\d+)', re.MULTILINE)


def explain_text(text: str) -> tuple[str, str]:
    """Return the same as `explain` from a traceback's text, as servers pass it on."""
    frames = [(found["file"], int(found["line"])) for found in _FRAME.finditer(text)]
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "no reason given")
    return _one_line(last), _own(frames)


def _own(frames: list[tuple[str, int]]) -> str:
    """Return the innermost place outside of installed packages and the standard library."""
    for file, line in reversed(frames):
        if not file.startswith(("<", *_FOREIGN)):
            return f"{_short(file)}:{line}"
    return ""


_FOREIGN = tuple(
    {
        *(
            f"{path}{os.sep}"
            for name, path in sysconfig.get_paths().items()
            if "lib" in name or "std" in name
        ),
        f"{Path(__file__).parent.parent}{os.sep}",
    }
)


def _short(file: str) -> str:
    """Return `file` as seen from the working directory where it lies below it."""
    with suppress(ValueError, OSError):
        return str(Path(file).relative_to(Path.cwd()))
    return file


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."
