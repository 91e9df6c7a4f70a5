"""The last lines that a process wrote: bounded, however much it writes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

__all__ = ["OnLine", "Output", "Stream"]

Stream = Literal["stdout", "stderr"]
OnLine = Callable[[Stream, str], None]

_LONGEST = 64 << 10
"""Bytes after which a line without an end is cut into two."""


class Output:
    """Splits what arrives into lines, keeps the last `keep` of them and tells each to `on_line`."""

    def __init__(self, keep: int = 200, on_line: OnLine | None = None) -> None:
        self._lines: deque[tuple[Stream, str]] = deque(maxlen=keep)
        self._partial: dict[Stream, bytes] = {"stdout": b"", "stderr": b""}
        self._on_line = on_line

    def feed(self, stream: Stream, data: bytes) -> None:
        """Take the next bytes of a stream."""
        *whole, rest = (self._partial[stream] + data).split(b"\n")
        if len(rest) > _LONGEST:
            whole.append(rest)
            rest = b""
        self._partial[stream] = rest
        for line in whole:
            self._keep(stream, line)

    def end(self, stream: Stream) -> None:
        """The stream has ended: what came after its last line's end is a line too."""
        rest, self._partial[stream] = self._partial[stream], b""
        if rest:
            self._keep(stream, rest)

    def lines(self, stream: Stream | None = None) -> list[str]:
        """Return the kept lines, of one stream or of both in the order of their arrival."""
        return [line for each, line in self._lines if stream in (None, each)]

    def text(self, last: int = 20) -> str:
        """Return the last lines of both streams."""
        return "\n".join(self.lines()[-last:])

    def cause(self) -> str:
        """Return the line that most likely says why a process ended: the last of stderr, else of stdout."""
        streams: tuple[Stream, ...] = ("stderr", "stdout")
        for stream in streams:
            for line in reversed(self.lines(stream)):
                if line.strip():
                    return line.strip()
        return ""

    def _keep(self, stream: Stream, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        self._lines.append((stream, text))
        if self._on_line is not None:
            self._on_line(stream, text)
