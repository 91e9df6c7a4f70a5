"""HF702: state of one worker that is taken for the service's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph.program import Bindings, FunctionKey, statements
from holdfast.audit.rules.calls import requested
from holdfast.audit.rules.found import found
from holdfast.audit.rules.memory.cache import dicts
from holdfast.audit.rules.memory.processes import is_one_process
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function, Statement
from holdfast.audit.source.inside import bodies, own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_STATE = re.compile(
    r"(^|_)(session|sessions|job|jobs|task_status|tasks|task_results|results|otp|otps|otp_store|nonces|states|"
    r"attempts|login_attempts|failed_logins|counters|counts|request_counts|rate_limits|rate_limit_store|"
    r"conversations|chat_histories|histories|carts|games|rooms|progress|uploads|blacklist|revoked_tokens|"
    r"verification_codes|pending|users|fake_db|db|database|items|storage|store)$",
    re.IGNORECASE,
)
"""Names of what another request will ask for, and a cache may not forget."""
_CACHE = re.compile(
    r"cache|memo|lru|pool|client|lock|registry|loaded|handlers|listeners|tracked", re.IGNORECASE
)
_FIX = "Keep it where all workers see it: the database, or Redis with a lifetime"


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each dict, count and `app.state` that a request changes for later ones."""
    for one in _found(whole):
        known = one.confidence > Confidence.LOW and is_one_process(whole)
        yield replace(one, confidence=Confidence.LOW) if known else one


def _found(whole: Whole) -> Iterator[Finding]:
    by_module: dict[int, list[FunctionKey]] = {}
    for key in requested(whole):
        by_module.setdefault(key[0], []).append(key)
        yield from _app_state(whole, key)
        yield from _counted(whole, key)
    for number, keys in by_module.items():
        names = {name for name in dicts(whole.program.modules[number]) if not _CACHE.search(name)}
        if names:
            yield from _stores(whole, keys, names)


def _stores(whole: Whole, keys: list[FunctionKey], names: set[str]) -> Iterator[Finding]:
    """Yield the dicts of a module that one function of a request fills and another one reads, by key."""
    filled: dict[str, tuple[FunctionKey, int]] = {}
    read: dict[str, set[FunctionKey]] = {}
    for key in keys:
        mine = {name for name in names if not whole.program.scope(key).binds(name)}
        for statement in statements(whole.program.function(key).body):
            name = _filled(statement)
            if name in mine and not _is_task(statement[2], whole.program.scope(key)):
                filled.setdefault(name, (key, statement[-1]))
            for value in own(statement):
                if not name or value is not statement[1]:
                    for asked in mine.intersection(_read(value)):
                        read.setdefault(asked, set()).add(key)
    for name, (key, line) in sorted(filled.items()):
        if read.get(name, set()) - {key}:
            yield found(
                RULE,
                whole,
                key,
                (line, 0),
                f"`{name}` is of this worker alone: a request to another one does not find its entry",
                _FIX,
                confidence=Confidence.MEDIUM if _STATE.search(name) else Confidence.LOW,
            )


def _filled(statement: Statement) -> str:
    """Return the name of the dict to which a statement adds an entry; "" for any other statement."""
    if statement[0] != form.ASSIGN or statement[1][0] != form.SUB or statement[1][2][0] == form.TEXT:
        return ""
    return _named(statement[1][1])


def _is_task(value: Expression, scope: Bindings) -> bool:
    """Whether a value is a task: of that no other worker could have any use."""
    made = (value, *scope.values.get(value[1], ())) if value[0] == form.NAME else (value,)
    return any(one[0] == form.CALL and word(one[1]) in ("create_task", "ensure_future") for one in made)


def _read(value: Expression) -> Iterator[str]:
    """Yield the names whose entries an expression asks for."""
    for part in parts(value):
        if part[0] == form.SUB and part[1][0] == form.NAME:
            yield part[1][1]
        elif part[0] == form.CALL and part[1][0] == form.ATTR and part[1][2] in ("get", "pop"):
            yield _named(part[1][1])


def _named(value: Expression) -> str:
    return str(value[1]) if value[0] == form.NAME else ""


def _counted(whole: Whole, key: FunctionKey) -> Iterator[Finding]:
    """Yield each number of the module that a request counts up: `global hits; hits += 1`."""
    function = whole.program.function(key)
    declared = {name for one in statements(function.body) if one[0] == form.GLOBAL for name in one[1]}
    if not declared:
        return
    numbers = {
        one[1][1]
        for one in whole.program.modules[key[0]].body
        if one[0] == form.ASSIGN and one[2][0] == form.NUMBER
    }
    for statement in statements(function.body):
        if statement[0] != form.ASSIGN or statement[1][0] != form.NAME or statement[2][0] != form.OP:
            continue
        name = statement[1][1]
        if name in declared & numbers:
            message = f"`{name}` counts the requests of this worker alone, and begins again when it restarts"
            yield found(RULE, whole, key, (statement[-1], 0), message, _FIX, confidence=Confidence.MEDIUM)


def _app_state(whole: Whole, key: FunctionKey) -> Iterator[Finding]:
    """Yield each attribute of `app.state` that a request sets, other than to fill it for the first time."""
    function = whole.program.function(key)
    for statement, tested in _tested(function):
        target = statement[1] if statement[0] == form.ASSIGN else None
        if target is None or target[0] != form.ATTR or target[1][0] != form.ATTR or target[1][2] != "state":
            continue
        app = target[1][1]
        if (app[2] if app[0] == form.ATTR else app[1] if app[0] == form.NAME else "") != "app":
            continue
        if target[2] in tested or _CACHE.search(target[2]) or statement[2] == (form.CONST, None):
            continue
        yield found(
            RULE,
            whole,
            key,
            (statement[-1], 0),
            f"`app.state.{target[2]}` is set by a request: only the worker that served it has the new value",
            _FIX,
            confidence=Confidence.MEDIUM,
        )


def _tested(function: Function) -> Iterator[tuple[Statement, frozenset[str]]]:
    """Yield the statements of a function with the names that the branches around them ask about."""
    queue: list[tuple[tuple[Statement, ...], frozenset[str]]] = [(function.body, frozenset())]
    while queue:
        body, tested = queue.pop()
        for statement in body:
            yield statement, tested
            inner = tested
            if statement[0] == form.BRANCH:
                inner |= {str(part[-1]) for part in parts(statement[1]) if part[0] in (form.ATTR, form.TEXT)}
            queue.extend((each, inner) for each in bodies(statement))


RULE = Rule(
    code="HF702",
    name="worker-state",
    what="A request changes state of its worker that later requests ask for: a module's dict, `app.state`.",
    why=(
        "Each worker is a process of its own. With two of them every other request does not find the "
        "session, the job or the count; a restart forgets all of it. It works on a laptop, where there is "
        "one worker."
    ),
    limits=(
        "That a dict is no cache is told by its name, and by another function that reads it; others are "
        "shown at low confidence. A service that has one worker for ever has no such problem: of low "
        "confidence where nothing but `uvicorn.run(app)` starts it."
    ),
    bad="""
from fastapi import FastAPI
from uuid import uuid4

app = FastAPI()
jobs = {}

@app.post("/jobs")
def start(name: str):
    id = uuid4().hex
    jobs[id] = name
    return id

@app.get("/jobs/{id}")
def status(id: str):
    return jobs[id]
""",
    good="""
from fastapi import FastAPI
from uuid import uuid4
import redis

app = FastAPI()
jobs = redis.Redis()

@app.post("/jobs")
def start(name: str):
    id = uuid4().hex
    jobs.set(id, name, ex=3600)
    return id

@app.get("/jobs/{id}")
def status(id: str):
    return jobs.get(id)
""",
    find=find,
    by_module=True,
)
