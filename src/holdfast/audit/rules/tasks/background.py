"""HF303: long work in a background task of the response."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from holdfast.audit.finding import Confidence, Finding, Step
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.calls import calls, calls_in, functions, requested
from holdfast.audit.rules.found import found
from holdfast.audit.rules.retries.loop import repeated_calls
from holdfast.audit.rules.retries.wrapped import is_retried
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_TASKS = ("fastapi.BackgroundTasks", "starlette.background.", "fastapi.background.")
_FARTHEST = 3
"""Calls between the task and what makes it long that are followed."""
_LONG_S = 10.0
_Way: TypeAlias = tuple[tuple[FunctionKey, Expression], ...]
"""Calls, each with the function that it stands in."""

_CATCHES_UP = re.compile(r"drain|pull|poll|sweep|refresh|sync|clean_?up|warm")
"""Names of work that the next request or round finds where it was left."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each background task that repeats calls of others, or makes one for each thing."""
    for key in requested(whole):
        for site in calls(whole, key, {"add_task", "BackgroundTask"}):
            call = site.expression
            if not call[2] or not any(path.startswith(_TASKS) for path in whole.named(call[1], key)):
                continue
            for task in functions(whole, call[2][0], key):
                why = _long(whole, task)
                if why is not None:
                    yield _finding(whole, key, (call[4], call[5]), task, *why)
                    break


def _long(whole: Whole, task: FunctionKey) -> tuple[str, tuple[Step, ...]] | None:
    """Return what makes a task long, with the steps that lead there; None for one that seems short."""
    queue: list[tuple[FunctionKey, _Way]] = [(task, ())]
    seen = {task}
    while queue:
        key, way = queue.pop(0)
        function = whole.program.function(key)
        again, retried = repeated_calls(function), is_retried(whole, key)
        for site in calls(whole, key):
            call = site.expression
            here = (*way, (key, call))
            if _sleeps(call):
                return "it sleeps", _steps(whole, here)
            many = site.over is not None and _walks(site.over)
            # Last what costs most: to look into what is called.
            if (many or retried or id(call) in again) and _remote(whole, key, call):
                each = "it calls another service for each of many things"
                return each if many else "it repeats a call that fails", _steps(whole, here)
            if len(way) < _FARTHEST:
                for callee in functions(whole, call[1], key):
                    if callee not in seen:
                        seen.add(callee)
                        queue.append((callee, here))
    return None


def _steps(whole: Whole, way: _Way) -> tuple[Step, ...]:
    return tuple(whole.step(key, call[4], _remote(whole, key, call)) for key, call in way)


def _remote(whole: Whole, key: FunctionKey, call: Expression) -> str:
    """Return what a call asks of another service, itself or in the function called; "" for nothing."""
    places = [(key, call)]
    for callee in functions(whole, call[1], key):
        places += [(callee, inner) for inner in calls_in(whole.program.function(callee).body)]
    return next(
        (path for at, one in places for path in whole.named(one[1], at) if whole.library.is_remote(path)), ""
    )


def _walks(over: Expression) -> bool:
    """Whether a loop goes over as many things as there are: not over a list that is written there."""
    return over[0] != form.SEQ and not (over[0] == form.CALL and word(over[1]) == "range")


def _sleeps(call: Expression) -> bool:
    if word(call[1]) != "sleep" or not call[2] or call[2][0][0] != form.NUMBER:
        return False
    return bool(call[2][0][1] >= _LONG_S)


def _finding(
    whole: Whole, key: FunctionKey, at: tuple[int, int], task: FunctionKey, why: str, way: tuple[Step, ...]
) -> Finding:
    name = whole.program.qualified(task)
    return found(
        RULE,
        whole,
        key,
        at,
        f"{name}() is long work ({why}), and a background task dies with its worker: nobody repeats it",
        "Put it into a queue that survives the worker (an outbox and a task queue), and answer with its id",
        confidence=Confidence.LOW if _CATCHES_UP.search(name) else None,
        chain=(*whole.chain(key, at[0], f"{name}()"), *way),
    )


RULE = Rule(
    code="HF303",
    name="long-background-task",
    what="A background task of a response repeats calls that fail, or makes one for each of many things.",
    why=(
        "It runs in the worker that answered. A deploy, a restart or a crash ends it in the middle, and "
        "nothing says so; meanwhile it holds a thread or the loop, and its sessions, beside the requests."
    ),
    limits=(
        "How many things a loop goes over is not known. Work that is long by itself is not seen; that which "
        "catches up with what is left, as its name says, has low confidence."
    ),
    bad="""
import httpx
from fastapi import BackgroundTasks, FastAPI

app = FastAPI()

def mail(addresses: list[str]):
    for address in addresses:
        httpx.post("http://mail", json={"to": address}, timeout=5)

@app.post("/news")
def news(addresses: list[str], tasks: BackgroundTasks):
    tasks.add_task(mail, addresses)
""",
    good="""
import httpx
from fastapi import BackgroundTasks, FastAPI

app = FastAPI()

def mail(addresses: list[str]):
    httpx.post("http://mail/batch", json={"to": addresses}, timeout=5)

@app.post("/news")
def news(addresses: list[str], tasks: BackgroundTasks):
    tasks.add_task(mail, addresses)
""",
    find=find,
    by_module=True,
)
