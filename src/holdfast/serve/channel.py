"""The pipes between the supervisor and its workers, told by one environment variable.

news     workers -> supervisor   how booting goes, JSON lines (`holdfast.serve.boot`)
drain    supervisor -> workers   nothing is ever written: its end says that the service drains, to every
                                 worker at once and also when the supervisor is killed
out err  the real stdout and stderr; while booting, those of the workers are held (`holdfast.serve.output`)
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from dataclasses import astuple, dataclass

__all__ = ["VARIABLE", "Channel"]

VARIABLE = "HOLDFAST_CHANNEL"


@dataclass(frozen=True, slots=True)
class Channel:
    """File descriptors in the server and its workers; `out` and `err` are -1 when nothing is held."""

    news: int
    drain: int
    out: int = -1
    err: int = -1

    def export(self) -> dict[str, str]:
        """Return the environment that hands the channel on."""
        return {VARIABLE: ",".join(map(str, astuple(self)))}

    def descriptors(self) -> tuple[int, ...]:
        """Return the descriptors that the child inherits."""
        return tuple(fd for fd in astuple(self) if fd >= 0)

    def protect(self) -> None:
        """Keep programs that the service starts from inheriting the descriptors."""
        for fd in self.descriptors():
            os.set_inheritable(fd, False)


def taken_from(environ: MutableMapping[str, str]) -> Channel | None:
    """Take the channel out of the environment; None when the process has no supervisor."""
    text = environ.pop(VARIABLE, "")
    if not text:
        return None
    news, drain, out, err = map(int, text.split(","))
    return Channel(news, drain, out, err)
