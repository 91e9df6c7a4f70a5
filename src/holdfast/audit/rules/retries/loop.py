"""HF601: a loop that tries again at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.graph.reach import Edge
from holdfast.audit.rules.calls import calls_in
from holdfast.audit.rules.found import found, sure
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Function, Statement
from holdfast.audit.source.inside import bodies, own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE", "STARTS", "repeated", "repeated_calls"]

_LEAVES = frozenset({form.RETURN, form.RAISE, form.BREAK})
_FARTHEST = 6
_ANY = frozenset({"Exception", "BaseException"})
_PARSES = re.compile(r"(^|_)(parse|loads|validate|extract)(_|$)")
"""In the names of what a loop may fail at besides: it then asks again for another answer."""
STARTS = re.compile(r"(^|_)(setup|set_up|start|startup|init|initialize|wait|boot|bootstrap|migrate)(_|$)")
"""Words in the names of functions that run once: they wait for what is not there yet."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each loop that repeats a call of another service without a growing wait."""
    for key in sorted(whole.reach.edges):
        for loop, tried in repeated(whole.program.function(key)):
            body = next(bodies(loop))
            if _waits_longer(body):
                continue
            edge = _remote(whole, key, tried)
            if edge is not None:
                patient = _waits(body) or _asks_for_another(body, tried, edge)
                yield _finding(whole, key, loop, edge, waits=_waits(body), patient=patient)


def _asks_for_another(body: Iterable[Statement], tried: Statement, edge: Edge) -> bool:
    """Whether a loop reads what it was answered, or adds to what it asks: then it wants a better answer."""
    asked = {part[1] for part in parts(edge.site.expression) if part[0] == form.NAME}
    adds = (
        call[1] for call in calls_in(body) if call[1][0] == form.ATTR and call[1][2] in ("append", "extend")
    )
    if any(word(receiver[1]) in asked for receiver in adds):
        return True
    return any(_PARSES.search(word(one[1])) for one in calls_in(tried[1]))


def repeated(function: Function) -> Iterator[tuple[Statement, Statement]]:
    """Yield each loop of a function that tries something again after a failure, with its `try`."""
    for statement in statements(function.body):
        if statement[0] in (form.FOR, form.WHILE) and _repeats(statement):
            tried = _tried(next(bodies(statement)))
            if tried is not None:
                yield statement, tried


def repeated_calls(function: Function) -> frozenset[int]:
    """Return the ids of the calls that such loops try again whatever their failure was."""
    return frozenset(
        id(call)
        for _, tried in repeated(function)
        if any(types is None or word(types) in _ANY for types, _, _, _ in tried[2])
        for call in calls_in(tried[1])
    )


def _repeats(statement: Statement) -> bool:
    """Whether a loop counts attempts, and does not go over things."""
    if statement[0] == form.WHILE:
        return True
    over = statement[2]
    return bool(over[0] == form.CALL and word(over[1]) == "range")


def _tried(body: Iterable[Statement]) -> Statement | None:
    """Return the `try` of a loop's body that leaves the loop on success and goes on after a failure."""
    body = tuple(body)
    for number, statement in enumerate(body):
        if statement[0] != form.TRY:
            continue
        leaves = any(one[0] in (form.RETURN, form.BREAK) for one in (*statement[1], *statement[3]))
        leaves = leaves or any(one[0] in (form.RETURN, form.BREAK) for one in body[number + 1 :])
        goes_on = any(not any(one[0] in _LEAVES for one in handler[2]) for handler in statement[2])
        if leaves and goes_on:
            return statement
    return None


def _waits(body: Iterable[Statement]) -> bool:
    return any(
        part[0] == form.CALL and word(part[1]) == "sleep"
        for statement in statements(body)
        for value in own(statement)
        for part in parts(value)
    )


def _waits_longer(body: Iterable[Statement]) -> bool:
    """Whether something in the loop waits for a time that is computed, or that something else decides."""
    for statement in statements(body):
        for value in own(statement):
            for part in parts(value):
                if part[0] != form.CALL:
                    continue
                name = word(part[1]).lower()
                if name == "sleep" and part[2] and part[2][0][0] not in (form.NUMBER, form.NAME, form.ATTR):
                    return True
                if name == "sleep" and part[2] and part[2][0][0] == form.NAME:
                    # A name in lower case is computed somewhere; one in capitals is a constant.
                    return not str(part[2][0][1]).isupper()
                if any(hint in name for hint in ("backoff", "wait", "delay")):
                    return True
    return False


def _remote(whole: Whole, key: FunctionKey, tried: Statement) -> Edge | None:
    """Return the edge in a `try` from which another service is called."""
    inside = set(map(id, calls_in(tried[1])))
    for edge in whole.reach.edges[key]:
        if id(edge.site.expression) in inside and _leads(whole, edge):
            return edge
    return None


def _leads(whole: Whole, edge: Edge) -> bool:
    queue, seen = [(edge, 0)], set()
    while queue:
        at, far = queue.pop()
        if at.remote:
            return True
        if at.callee is not None and at.callee not in seen and far < _FARTHEST:
            seen.add(at.callee)
            queue.extend((each, far + 1) for each in whole.reach.edges.get(at.callee, ()))
    return False


def _finding(
    whole: Whole, key: FunctionKey, loop: Statement, edge: Edge, *, waits: bool, patient: bool
) -> Finding:
    how = "after the same wait each time" if waits else "at once"
    called = f"{whole.program.qualified(edge.callee)}()" if edge.callee is not None else edge.remote
    message = f"this loop tries {called} again {how}: all callers hit a service that fails, together"
    fix = "Wait longer after each failure, by a random time, within a budget for retries and the deadline"
    chain = whole.chain(key, edge.site.line, called)
    confidence = max(sure(whole, key), Confidence.MEDIUM)
    endless = loop[0] == form.WHILE and loop[1] == (form.CONST, True)
    patient = (patient and not endless) or STARTS.search(whole.program.function(key).name) is not None
    if patient or whole.reach.entry(key) is None:
        confidence = Confidence.LOW
    return found(RULE, whole, key, (loop[-1], 0), message, fix, confidence=confidence, chain=chain)


RULE = Rule(
    code="HF601",
    name="naive-retry",
    what="A loop repeats a failed call of another service at once, or after a constant wait.",
    why=(
        "When the other side fails, each request becomes several, at the worst moment for it: what was slow "
        "becomes an outage, and lasts. Without jitter the repeats come in waves."
    ),
    limits=(
        "A wait that is computed is taken to grow. Low confidence for a few attempts with the same wait, for "
        "a loop that reads what it was answered and may ask for something better, and for one that no "
        "request is known to come to. Whether the call may be repeated at all is not decided here."
    ),
    bad="""
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient()

@app.post("/orders")
async def order():
    for _ in range(4):
        try:
            return await client.post("http://payments")
        except httpx.HTTPError:
            continue
""",
    good="""
import asyncio
import random
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient()

@app.post("/orders")
async def order():
    for attempt in range(4):
        try:
            return await client.post("http://payments")
        except httpx.HTTPError:
            await asyncio.sleep(random.uniform(0, 0.1 * 2**attempt))
""",
    find=find,
    by_module=True,
)
