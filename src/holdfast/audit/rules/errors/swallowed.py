"""HF902: a failed call that nobody hears of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.graph.reach import Edge
from holdfast.audit.rules.calls import calls_in
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Statement
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_ALL = frozenset({"Exception", "BaseException"})
_CHANGES = (
    *(".post", ".put", ".patch", ".delete", ".create", ".send", ".send_message", ".publish", ".upload"),
    *(".commit", ".flush", ".add", ".insert", ".update", ".save", ".set", ".merge"),
)
"""How calls end that somebody counts on."""
_STATEMENTS = frozenset({"insert", "update", "delete"})
_TRIES = re.compile(
    r"best_effort|^_?(try|maybe|detect|probe|guess|warm|track|ping|touch|safe)(_|$)|telemetry|analytics"
)
"""In the names of functions that are meant to go without."""
_CLEANING = (
    "close",
    "cleanup",
    "shutdown",
    "dispose",
    "disconnect",
    "unlink",
    "remove",
    "rmtree",
    "rollback",
)


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each `except Exception: pass` around a query or a call of another service."""
    for key in sorted(whole.reach.edges):
        if whole.reach.entry(key) is None:
            continue
        for statement in statements(whole.program.function(key).body):
            if statement[0] != form.TRY:
                continue
            for types, _, body, line in statement[2]:
                dropped = not body and (types is None or word(types) in _ALL)
                edge = _asked(whole, key, statement) if dropped else None
                if edge is not None:
                    yield _finding(whole, key, line, edge)


def _asked(whole: Whole, key: FunctionKey, tried: Statement) -> Edge | None:
    """Return what the `try` asks of a database or another service; None for nothing, or for cleaning up."""
    calls = list(calls_in(tried[1]))
    if any(word(call[1]).lower().startswith(_CLEANING) for call in calls):
        return None
    inside = set(map(id, calls))
    asked = [
        edge
        for edge in whole.reach.edges[key]
        if id(edge.site.expression) in inside and (edge.remote or edge.query)
    ]
    return next((edge for edge in asked if _changes(edge)), asked[0] if asked else None)


def _changes(edge: Edge) -> bool:
    """Whether a call changes something, so that somebody counts on it."""
    call = edge.site.expression
    built = {word(part[1]) for part in parts(call) if part[0] == form.CALL}
    return (edge.remote or edge.query).endswith(_CHANGES) or not _STATEMENTS.isdisjoint(built)


def _finding(whole: Whole, key: FunctionKey, line: int, edge: Edge) -> Finding:
    called = edge.remote or edge.query
    tries = _TRIES.search(whole.program.function(key).name) is not None
    return found(
        RULE,
        whole,
        key,
        (line, 0),
        f"when {called} fails, nobody hears of it: every exception is dropped here",
        "Catch what may be expected, and log or count the rest",
        severity=Severity.LOW,
        confidence=Confidence.LOW if tries or not _changes(edge) else Confidence.HIGH,
        calls=called,
    )


RULE = Rule(
    code="HF902",
    name="swallowed-exception",
    what="Every failure of a query or of a call of another service is dropped without a word.",
    why=(
        "When the other side is down the service looks well: no error, no log, no alert, and wrong answers. "
        "It also hides the mistakes of the code itself."
    ),
    limits=(
        "Only handlers with nothing in them, around calls that are known to ask somebody. Low confidence for "
        "reads, which may have a default, and where the function's name says that it only tries."
    ),
    bad="""
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient()

@app.post("/orders")
async def order():
    try:
        await client.post("http://mail")
    except Exception:
        pass
""",
    good="""
import logging
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient()

@app.post("/orders")
async def order():
    try:
        await client.post("http://mail")
    except httpx.HTTPError:
        logging.exception("no mail")
""",
    find=find,
    by_module=True,
)
