"""HF304: tasks without a bound, and loops that never wait."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.rules.calls import calls_in
from holdfast.audit.rules.found import found, sure
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.tasks.bounds import bounded, bounded_call, given
from holdfast.audit.rules.tasks.reference import MAKERS
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement
from holdfast.audit.source.inside import own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_FOREVER = ((form.CONST, True), (form.NUMBER, 1))
_LEAVES = frozenset({form.RETURN, form.RAISE, form.BREAK})


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each task that is made for each of what a client sent, and each loop that spins."""
    routes = {root.function for root in whole.roots if root.kind == "route"}
    for key, function in whole.program.functions():
        if not function.asynchronous:
            continue
        for statement in statements(function.body):
            if statement[0] == form.WHILE:
                message = _spins(statement)
                if message:
                    yield found(
                        RULE,
                        whole,
                        key,
                        (statement[-1], 0),
                        message,
                        "Wait for what it is about: `await event.wait()`, `await queue.get()`, or a sleep",
                        severity=Severity.HIGH,
                        confidence=max(sure(whole, key), Confidence.MEDIUM),
                    )
            elif statement[0] == form.FOR and key in routes and not bounded(function):
                name = given(function, statement[2])
                call = _task(whole, key, statement) if name else None
                if call is not None:
                    yield found(
                        RULE,
                        whole,
                        key,
                        (call[4], call[5]),
                        f"a task is started for each of `{name}`: the client decides how many run at a time",
                        "Bound it: a semaphore in the task, or a few workers and a queue with a largest size",
                        calls="asyncio.create_task",
                    )


def _task(whole: Whole, key: FunctionKey, loop: Statement) -> Expression | None:
    """Return the call in a loop that starts a task and does not wait for it in the same turn."""
    for call in calls_in(loop[4]):
        if word(call[1]) not in ("create_task", "ensure_future") or MAKERS.isdisjoint(
            whole.named(call[1], key)
        ):
            continue
        started = call[2][0] if call[2] else None
        if started is not None and not (started[0] == form.CALL and bounded_call(whole, key, started)):
            return call
    return None


def _spins(loop: Statement) -> str:
    """Return what is wrong with a loop that does not let others run; "" for one that waits or ends."""
    inner = list(statements(loop[2]))
    evaluated = [part for one in (loop, *inner) for value in own(one) for part in parts(value)]
    waits = [part for part in evaluated if part[0] in (form.AWAIT, form.YIELD)]
    asynchronous = any(one[0] in (form.FOR, form.WITH) and one[-3] is True for one in inner)
    asynchronous = asynchronous or any(
        part[0] == form.COMP and any(generator[3] for generator in part[3]) for part in evaluated
    )
    if asynchronous or any(one[0] in _LEAVES for one in inner):
        return ""
    if not waits and loop[1] in _FOREVER:
        return "this loop never ends and never waits: nothing else runs on its event loop"
    if not waits and not loop[2] and loop[1][0] in (form.NAME, form.ATTR, form.OP):
        return "this loop waits by spinning: what it waits for can never happen on its event loop"
    if waits and all(map(_is_no_wait, waits)) and all(one[0] == form.DO for one in inner) and len(inner) == 1:
        return (
            "this loop polls as fast as it can: it takes a whole core, and a turn before every other callback"
        )
    return ""


def _is_no_wait(value: Expression) -> bool:
    """Whether this is `await asyncio.sleep(0)`."""
    call = value[1]
    return bool(
        value[0] == form.AWAIT
        and call[0] == form.CALL
        and word(call[1]) == "sleep"
        and call[2] in (((form.NUMBER, 0),), ((form.NUMBER, 0.0),))
    )


RULE = Rule(
    code="HF304",
    name="unbounded-tasks",
    what="A task is started for each thing that a client sent, or a loop on the event loop never waits.",
    why=(
        "One request with ten thousand things becomes ten thousand tasks: their memory, and a queue for "
        "connections in which all other requests stand. A loop that does not wait takes the core, and with "
        "it every request of the worker."
    ),
    limits=(
        "A bound is taken to be there where a `with` enters something named like one. Of loops only those "
        "are told that cannot wait or end; tasks for each row of a table are not seen."
    ),
    bad="""
import asyncio
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient()
tasks = set()

@app.post("/hooks")
async def hooks(urls: list[str]):
    for url in urls:
        tasks.add(asyncio.create_task(client.post(url)))
""",
    good="""
import asyncio
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient()
semaphore = asyncio.Semaphore(8)
tasks = set()

async def call(url):
    async with semaphore:
        await client.post(url)

@app.post("/hooks")
async def hooks(urls: list[str]):
    for url in urls:
        tasks.add(asyncio.create_task(call(url)))
""",
    find=find,
    by_module=True,
)
