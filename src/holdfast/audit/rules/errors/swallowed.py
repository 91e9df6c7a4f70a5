"""HF902: a failed call that nobody hears of."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.rules.calls import calls_in
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Statement
from holdfast.audit.source.inside import word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_ALL = frozenset({"Exception", "BaseException"})
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
                if body or not (types is None or word(types) in _ALL):
                    continue
                called = _called(whole, key, statement)
                if called:
                    yield found(
                        RULE,
                        whole,
                        key,
                        (line, 0),
                        f"when {called} fails, nobody hears of it: every exception is dropped here",
                        "Catch what may be expected, and log or count the rest",
                        severity=Severity.LOW,
                        confidence=Confidence.HIGH,
                        calls=called,
                    )


def _called(whole: Whole, key: FunctionKey, tried: Statement) -> str:
    """Return what the `try` asks of a database or another service; "" for nothing, or for cleaning up."""
    calls = list(calls_in(tried[1]))
    if any(word(call[1]).lower().startswith(_CLEANING) for call in calls):
        return ""
    inside = set(map(id, calls))
    for edge in whole.reach.edges[key]:
        if id(edge.site.expression) in inside and (edge.remote or edge.query):
            return edge.remote or edge.query
    return ""


RULE = Rule(
    code="HF902",
    name="swallowed-exception",
    what="Every failure of a query or of a call of another service is dropped without a word.",
    why=(
        "When the other side is down the service looks well: no error, no log, no alert, and wrong answers. "
        "It also hides the mistakes of the code itself."
    ),
    limits="Only handlers with nothing in them, around calls that are known to ask somebody.",
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
