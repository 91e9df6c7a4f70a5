"""What the supervisor says while it runs: one line each, on stderr."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from holdfast.events import StallSeen

__all__ = ["place_of", "say"]


def say(line: str) -> None:
    """Write one line; whoever read stderr may have gone."""
    with suppress(OSError, ValueError):
        print(f"holdfast: {line}", file=sys.stderr, flush=True)


def place_of(stall: StallSeen | None) -> str:
    """Return where a worker stood still; it may be unseen, as C code can keep the watch from looking.

    The innermost frame is named too where it is another than the service's own line.
    """
    if stall is None:
        return "at a place that the watch could not see"
    place = f"{stall.file}:{stall.line} in {stall.function}"
    if stall.sink and not stall.sink.startswith(f"{Path(stall.file).name}:{stall.line} "):
        place += f", {stall.sink}"
    return f"{place} ({stall.route})" if stall.route else place
