"""The audit for people at a terminal: each finding with its code, its chain, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.audit.report.evidence import evidence, expected, saves
from holdfast.audit.words import found, many

__all__ = ["lines"]


def lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the report on an audit's document, line by line."""
    for one in document["findings"]:
        if not one["known"]:
            yield from _finding(one)
    if document["evidence"] is not None:
        yield from _unexplained(document["evidence"]["unexplained"])
        yield from _expected(document["evidence"]["p99"])
    for one in document["unread"]:
        at = f"{one['file']}:{one['line']}" if one["line"] else one["file"]
        yield f"{at}: {one['message']}"
    if document["unread"]:
        yield ""
    yield from _gone(document["baseline"])
    yield _summary(document)


def _finding(one: Mapping[str, Any]) -> Iterator[str]:
    yield f"{one['file']}:{one['line']}:{one['column']}: {one['rule']} {one['severity']}: {one['message']}"
    yield from _frame(one)
    yield from _chain(one)
    if says := evidence(one):
        yield f"    {says}"
    if saved := saves(one["impact"]):
        yield f"    a fix saves: {saved}"
    if one["impact"]["label"] == "modelled":
        yield f"    modelled: {one['impact']['how']}"
    yield f"    fix: {one['fix']}"
    yield ""


def _frame(one: Mapping[str, Any]) -> Iterator[str]:
    """Yield the code, with a mark below the place."""
    frame = one["frame"]
    if frame is None:
        return
    for number, text in enumerate(frame["lines"], frame["first"]):
        yield f"  {number:>5} | {text}".rstrip()
        if number == one["line"] and 0 < one["column"] <= max(len(text), 1):
            yield f"        | {' ' * (one['column'] - 1)}^"


def _chain(one: Mapping[str, Any]) -> Iterator[str]:
    """Yield the way from the entry to what hurts, the places in a column of their own."""
    steps = one["chain"]
    if len(steps) < 2:
        return
    if one["entry"]:
        yield f"    {one['entry']}"
    places = [f"{step['file']}:{step['line']}" for step in steps]
    width = max(map(len, places))
    for number, (step, place) in enumerate(zip(steps, places, strict=True)):
        calls = f" calls {step['calls']}" if step["calls"] and not (one["entry"] and number == 0) else ""
        yield f"      {place:<{width}}  {step['function']}{calls}"


def _unexplained(stalls: list[Mapping[str, Any]]) -> Iterator[str]:
    for one in stalls:
        yield (
            f"{one['file']}:{one['line']}: the loop stood still {many(one['stalls'], 'time')} in "
            f"{one['function']}, {one['seconds']:.3g} s in all, and no finding says why"
        )
        if one["sink"]:
            yield f"    innermost frame: {one['sink']}"
        if one["proposal"]:
            yield "    for the budget, so that the audit knows this call:"
            yield from (f"      {line}" for line in one["proposal"].splitlines())
        yield ""


def _expected(p99: Mapping[str, Any]) -> Iterator[str]:
    if p99["label"] == "modelled":
        yield f"with all that is confirmed mended, {expected(p99)}"
        yield ""


def _gone(baseline: Mapping[str, Any] | None) -> Iterator[str]:
    gone = baseline["gone"] if baseline is not None else []
    for one in gone:
        where = f" in {one['function']}" if one["function"] else ""
        times = f" ({one['count']} times)" if one["count"] > 1 else ""
        yield f"no longer found: {one['file']}: {one['rule']}{where}: {one['sink']}{times}"
    if gone and baseline is not None:
        yield f"take what is no longer found out of {baseline['file']}: --write-baseline {baseline['file']}"
        yield ""


def _summary(document: Mapping[str, Any]) -> str:
    size = f"{many(document['files'], 'file')}, {many(document['lines'], 'line')}"
    more = []
    if document["baseline"] is not None:
        more.append(f"{document['baseline']['known']} known in {document['baseline']['file']}")
    if document["since"] is not None:
        more.append(f"{document['since']['untouched']} untouched since {document['since']['reference']}")
    return "; ".join([f"{size}: found {found(document['summary'])}", *more])
