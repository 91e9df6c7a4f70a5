"""Folded stacks, a line each and outermost first: py-spy's `--format raw`, austin's text.

    thread (0x7f): MainThread;run (uvicorn/main.py:50);create_order (shop/orders.py:22) 12
    P42;T0:7f;/srv/shop/orders.py:create_order:22;/srv/shop/payments.py:charge:30 120000

py-spy counts samples; austin's figure is in microseconds, as its `# mode: wall` (or `cpu`) says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from holdfast.audit.evidence.observed import Evidence, Frame, Sample, Source
from holdfast.errors import UsageError

__all__ = ["read"]

_PY_SPY = re.compile(r"(?P<function>.+) \((?P<file>[^()]+?)(?::(?P<line>\d+))?\)")
_AUSTIN = re.compile(r"(?P<file>[^;]+):(?P<function>[^:;]+):(?P<line>\d+)")
_ABOUT = re.compile(r"(process|thread) ?\S*:.*|thread \(\w+\).*|[PT][\da-fx:]+", re.IGNORECASE)
_MODE = re.compile(r"# mode: (?P<mode>\w+)")
_TIMED = {"wall", "cpu"}


def read(path: Path, text: str) -> Evidence:
    """Return the samples. Raises `UsageError` with file:line for a line that is none."""
    samples, timed = [], False
    for number, line in enumerate(text.splitlines(), 1):
        place = f"{path}:{number}"
        if (mode := _MODE.match(line)) is not None:
            if mode["mode"] not in _TIMED:
                raise UsageError(f"a profile of {mode['mode']} says nothing of time", place=place)
            timed = True
        elif line.strip() and not line.startswith("#"):
            frames, weight = _line(line, place)
            samples.append(Sample(str(path), frames, weight * 1e-6 if timed else weight, timed))
    return Evidence((Source(str(path), "profile", f"{len(samples)} stacks"),), samples=tuple(samples))


def _line(line: str, place: str) -> tuple[tuple[Frame, ...], float]:
    stack, _, figure = line.rstrip().rpartition(" ")
    if not figure.isdigit() or not stack:
        raise UsageError(
            "is no evidence that is known: a stall log, a gate result, a speedscope profile or folded stacks",
            place=place,
        )
    return tuple(_frames(reversed(stack.split(";")))), float(figure)


def _frames(texts: Iterable[str]) -> Iterator[Frame]:
    for text in texts:
        found = _AUSTIN.fullmatch(text) or _PY_SPY.fullmatch(text)
        if found is not None and not _ABOUT.fullmatch(text):
            yield Frame(found["file"], int(found["line"] or 0), found["function"])
