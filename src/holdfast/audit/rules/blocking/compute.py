"""HF102: a long computation in plain Python, on the event loop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement
from holdfast.audit.source.inside import bodies, own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_MANY = 1_000
"""Turns of an outer loop from which an inner one takes milliseconds: 1,000 x 100 steps of 50 ns."""

_WALKS = frozenset({"sum", "sorted", "min", "max", "any", "all", "choices", "sample", "shuffle", "sort"})


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each loop of many turns with another in it, in a function that the loop runs."""
    for key in sorted(whole.reach.edges):
        if not whole.reach.on_loop(key):
            continue
        function = whole.program.function(key)
        for line, column in _heavy(whole, key, function.body):
            yield Finding(
                rule=RULE.code,
                severity=Severity.HIGH,
                confidence=Confidence.HIGH,
                file=whole.path(key[0]),
                line=line,
                column=column + 1,
                message="this loop in a loop computes on the event loop: no other request goes on meanwhile",
                chain=whole.chain(key, line),
                fix="Compute in another process, or ahead of time; a thread frees the loop only in part",
            )
            break


def _heavy(whole: Whole, key: FunctionKey, body: Iterable[Statement]) -> Iterator[tuple[int, int]]:
    for statement in body:
        if statement[0] == form.FOR and _turns(whole, key, statement[2]) >= _MANY and _walks(statement[4]):
            yield statement[-1], 0
        for value in own(statement):
            for part in parts(value):
                if part[0] == form.COMP and part[3] and _turns(whole, key, part[3][0][1]) >= _MANY:
                    again = any(_walking(inner) for inner in parts(part[2]))
                    if again and not _awaits(part):
                        yield statement[-1], 0
        for inner_body in bodies(statement):
            yield from _heavy(whole, key, inner_body)


def _turns(whole: Whole, key: FunctionKey, over: Expression) -> float:
    """Return how often `range` turns, as far as constants say."""
    if over[0] != form.CALL or word(over[1]) != "range" or len(over[2]) not in (1, 2):
        return 0
    end = over[2][-1]
    if end[0] == form.NAME and not whole.program.scope(key).binds(end[1]):
        values = whole.program.top[key[0]].values.get(end[1], ())
        end = values[0] if len(values) == 1 else end
    return float(end[1]) if end[0] == form.NUMBER else 0


def _walks(body: Iterable[Statement]) -> bool:
    """Whether a body has a loop of its own and gives way to nobody."""
    walks = False
    for statement in body:
        if statement[0] == form.BREAK or statement[0] == form.RETURN:
            return False
        if any(_awaits(value) for value in own(statement)):
            return False
        walks = walks or statement[0] == form.FOR
        walks = walks or any(_walking(part) for value in own(statement) for part in parts(value))
        for inner in bodies(statement):
            walks = walks or _walks(inner)
    return walks


def _walking(part: Expression) -> bool:
    if part[0] == form.COMP:
        return True
    return bool(part[0] == form.CALL and word(part[1]) in _WALKS and len(part[2]) == 1)


def _awaits(value: Expression) -> bool:
    return any(part[0] == form.AWAIT for part in parts(value))


RULE = Rule(
    code="HF102",
    name="heavy-loop",
    what="A loop of a thousand turns or more, with another loop in it, runs on the event loop.",
    why=(
        "Plain Python takes some 50 ns a step: a thousand times a thousand steps are 50 ms in which no other "
        "request of the worker moves. One such request a second makes the p99 of all others its own."
    ),
    limits="Only loops whose length is a constant. How long the inner loop is, is not known.",
    bad="""
from fastapi import FastAPI

app = FastAPI()

def resampled(amounts):
    return [sum(amounts) for _ in range(1000)]

@app.get("/report")
async def report(amounts: list[int]):
    return resampled(amounts)
""",
    good="""
import asyncio
from concurrent.futures import ProcessPoolExecutor
from fastapi import FastAPI

app = FastAPI()
pool = ProcessPoolExecutor(1)

def resampled(amounts):
    return [sum(amounts) for _ in range(1000)]

@app.get("/report")
async def report(amounts: list[int]):
    return await asyncio.get_running_loop().run_in_executor(pool, resampled, amounts)
""",
    find=find,
    by_module=True,
)
