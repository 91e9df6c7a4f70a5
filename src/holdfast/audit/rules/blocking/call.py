"""HF101: a call that blocks, on the event loop."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Finding, Severity, Step
from holdfast.audit.graph.library import Sink
from holdfast.audit.graph.reach import Blocked, Edge
from holdfast.audit.rules.blocking.certainty import certainty
from holdfast.audit.rules.blocking.size import is_glance
from holdfast.audit.rules.rule import Rule
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_WAITS = {
    "network": "waits for the network",
    "database": "waits for a database",
    "disk": "waits for a disk",
    "process": "waits for a process",
    "sleep": "sleeps",
    "cpu": "computes",
    "lock": "waits for another thread",
    "model": "runs a model",
}
_THREAD = "asyncio.to_thread"
_SEVERITY = {"disk": Severity.MEDIUM, "lock": Severity.MEDIUM}


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each place on the loop from which a blocking call is reached."""
    for blocked in whole.blocked:
        yield _finding(whole, blocked)


def _finding(whole: Whole, blocked: Blocked) -> Finding:
    known = ((certainty(whole, blocked, one), one) for one in (blocked.chain, *blocked.others))
    confidence, chain = max(known, key=lambda each: (each[0], _weight(_sink(each[1])), -len(each[1])))
    sink, place = _sink(chain), chain[0]
    others = len({_sink(other).path for other in (blocked.chain, *blocked.others)} - {sink.path})
    through = f" through {_called(whole, place)}" if place.callee is not None else ""
    more = f", and {others} more" if others else ""
    message = f"{_shown(sink)} {_WAITS[sink.kind]} on the event loop{through}{more}"
    return Finding(
        rule=RULE.code,
        severity=_severity(blocked, sink),
        confidence=confidence,
        file=whole.path(place.caller[0]),
        line=place.site.line,
        column=place.site.column + 1,
        message=message,
        chain=tuple(_steps(whole, blocked, chain)),
        fix=_fix(sink, direct=place.callee is None),
    )


def _severity(blocked: Blocked, sink: Sink) -> Severity:
    """By the sink, and a step more in a middleware, which every request comes by; a budget's word stands."""
    everywhere = blocked.root is not None and blocked.root.kind == "middleware" and not sink.severity
    return Severity(min(_weight(sink) + everywhere, Severity.HIGH))


def _steps(whole: Whole, blocked: Blocked, chain: tuple[Edge, ...]) -> Iterator[Step]:
    if blocked.root is not None:
        function = whole.program.function(blocked.root.function)
        yield whole.step(blocked.root.function, function.line, blocked.root.name)
    for edge in (*blocked.way, *chain):
        calls = _called(whole, edge) if edge.callee is not None else _shown(edge.sink)
        yield whole.step(edge.caller, edge.site.line, calls)


def _sink(chain: tuple[Edge, ...]) -> Sink:
    found = chain[-1].sink
    assert found is not None  # noqa: S101 - a chain ends with one
    return found


def _called(whole: Whole, edge: Edge) -> str:
    assert edge.callee is not None  # noqa: S101 - asked of such edges only
    return f"{whole.program.qualified(edge.callee)}()"


def _shown(sink: Sink | None) -> str:
    return sink.path if sink is not None else ""


def _weight(sink: Sink) -> Severity:
    if sink.severity:
        return Severity[sink.severity.upper()]
    if is_glance(sink):
        return Severity.LOW
    return _SEVERITY.get(sink.kind, Severity.HIGH)


def _fix(sink: Sink, *, direct: bool) -> str:
    if sink.fix:
        return sink.fix
    use = f"Use {sink.instead}, or call" if direct and sink.instead not in ("", _THREAD) else "Call"
    return f"{use} it in a thread: `await {_THREAD}(...)`"


RULE = Rule(
    code="HF101",
    name="blocking-call",
    what="A call that blocks is made on the event loop, directly or through other functions.",
    why=(
        "An event loop runs one thing at a time. While a call blocks, no other request of the worker goes "
        "on, and none is accepted: one slow answer of a database becomes the latency of every route."
    ),
    limits=(
        "Follows calls that types, imports and constructors resolve. A function that is passed through a "
        "container of unknown content, or made by eval, is not seen. Where no request is known to lead, "
        "before the first one, and where an answer is kept for the next, it has low confidence; so has what "
        "is quick as far as the source tells: a look at a file or into one, a row of SQLite by its key. An "
        "override counts where its class is made somewhere; it is of low confidence where only tests do so."
    ),
    bad="""
import time
from fastapi import FastAPI

app = FastAPI()

def wait():
    time.sleep(1)

@app.get("/slow")
async def slow():
    wait()
""",
    good="""
import asyncio
import time
from fastapi import FastAPI

app = FastAPI()

def wait():
    time.sleep(1)

@app.get("/slow")
async def slow():
    await asyncio.to_thread(wait)
""",
    find=find,
    by_module=True,
)
