"""Stalls of a log that `holdfast serve --stall-log` wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from holdfast.audit.evidence.observed import Evidence, Frame, Source, Stall
from holdfast.telemetry.stalllog import read as read_log
from holdfast.telemetry.stalls import StallTally

__all__ = ["read"]

Key = tuple[str, int, str, str]


def read(path: Path) -> Evidence:
    """Return the stalls that a line is blamed for, by place. Raises `UsageError` with file:line."""
    records = read_log(path)
    tally = StallTally()
    skipped: dict[Key, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    stacks: dict[Key, tuple[str, ...]] = {}
    causes: dict[Key, str] = {}
    for record in records:
        stall = record.stall
        if not stall.file:
            continue  # the machine's doing, and no line's
        tally.add(record.worker, [stall])
        key = (stall.file, stall.line, stall.function, stall.route)
        count, seconds = skipped[key]
        skipped[key] = (count + record.skipped, seconds + record.skipped_seconds)
        stacks[key] = stacks.get(key) or stall.stack
        causes[key] = stall.cause
    found = []
    for total in tally.totals():
        key = (total.file, total.line, total.function, total.route)
        place = Frame(total.file, total.line, total.function)
        found.append(
            Stall(
                str(path),
                place,
                tuple(_frames(stacks[key])) or (place,),
                total.count + skipped[key][0],
                total.total + skipped[key][1],
                total.longest,
                total.victims,
                total.route,
                total.sink,
                causes[key],
            )
        )
    count = sum(stall.count for stall in found)
    return Evidence((Source(str(path), "stall log", f"{count} stalls at {len(found)} places"),), tuple(found))


def _frames(stack: Iterable[str]) -> Iterable[Frame]:
    """Read the frames of a stack, each "file:line function"."""
    for text in stack:
        place, _, function = text.rpartition(" ")
        file, _, line = place.rpartition(":")
        if line.isdigit():
            yield Frame(file, int(line), function)
