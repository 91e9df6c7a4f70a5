"""The supervisor's ends of the pipes that `holdfast.serve.channel` describes."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress

from holdfast.serve.boot import Failed, News
from holdfast.serve.channel import Channel
from holdfast.serve.output import HeldOutput

__all__ = ["Pipes"]

_STDOUT, _STDERR = 1, 2


class Pipes:
    """Made before the server starts; `stack` closes what is left of them.

    `hold` is whether the server's output is held while it boots. `output` is then what it writes to, else
    None: what it inherits.
    """

    def __init__(self, stack: ExitStack, *, hold: bool) -> None:
        self._open: set[int] = set()
        stack.callback(self._close_all)
        news, news_in = self._pipe()
        drain_out, self._drain = self._pipe()
        self.news = News(news)
        self.held: HeldOutput | None = None
        self.held_fd = -1
        self.output: int | None = None
        if hold:
            self.held_fd, self.output = self._pipe()
            self.held = HeldOutput(self.held_fd, _STDERR)
            self.channel = Channel(news_in, drain_out, self._real(_STDOUT), self._real(_STDERR))
        else:
            self.channel = Channel(news_in, drain_out)

    def handed_over(self) -> None:
        """Close the server's ends here, once it has them."""
        for fd in (*self.channel.descriptors(), self.output):
            if fd is not None:
                self._close(fd)

    def announce_drain(self) -> None:
        """Tell every worker that the service drains."""
        self._close(self._drain)

    def read_news(self) -> list[Failed]:
        """Return the boot failures that have come in."""
        return self.news.read()

    def release(self) -> None:
        """Show what the server wrote, and from now on what it writes."""
        if self.held is not None:
            self.held.pump()
            self.held.release()

    def output_text(self) -> str:
        """Return what the server wrote while booting, "" when it was not held."""
        if self.held is None:
            return ""
        self.held.pump()
        return self.held.text()

    def _pipe(self) -> tuple[int, int]:
        ends = os.pipe()
        self._open.update(ends)
        return ends

    def _real(self, fd: int) -> int:
        """Return a copy of our own stdout or stderr; nowhere, when it is closed."""
        try:
            copy = os.dup(fd)
        except OSError:
            copy = os.open(os.devnull, os.O_WRONLY)
        self._open.add(copy)
        return copy

    def _close(self, fd: int) -> None:
        if fd in self._open:
            self._open.discard(fd)
            os.close(fd)

    def _close_all(self) -> None:
        for fd in list(self._open):
            with suppress(OSError):
                self._close(fd)
