"""HF202: a call over the network without a limit of time."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph import value as v
from holdfast.audit.graph.library import Sink
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.reach import Edge
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source.form import Expression
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_HOME = ("http://127.0.0.1", "http://localhost", "http://[::1]")


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each such call that has no timeout and could have one."""
    for key in sorted(whole.reach.edges):
        seen = set()
        for edge in whole.reach.edges[key]:
            sink = edge.sink
            if sink is None or not sink.timeout or _limited(edge.site.expression, sink):
                continue
            at = (edge.site.line, edge.site.column)
            if at not in seen:
                seen.add(at)
                yield _finding(whole, key, edge)


def _limited(call: Expression, sink: Sink) -> bool:
    """Whether a limit is given, by name or in its place; a `**` may hold one."""
    if sink.position is not None and len(call[2]) > sink.position:
        return True
    return any(name in (sink.timeout, None) for name, _ in call[3])


def _is_at_home(whole: Whole, key: FunctionKey, edge: Edge) -> bool:
    """Whether a call goes to this machine: to a process that stands and falls with the service."""
    call = edge.site.expression
    given = (*call[2][:1], *(value for name, value in call[3] if name == "url"))
    values = (one for value in given for one in whole.inference.values(value, Place(*key)))
    return any(one[0] == v.TEXT and one[1].startswith(_HOME) for one in values)


def _finding(whole: Whole, key: FunctionKey, edge: Edge) -> Finding:
    sink, root = edge.sink, whole.reach.entry(key)
    assert sink is not None  # noqa: S101 - asked of such edges only
    steps = [whole.step(one.caller, one.site.line) for one in whole.reach.way(key)]
    return Finding(
        rule=RULE.code,
        severity=Severity.HIGH if root is not None else Severity.MEDIUM,
        confidence=Confidence.LOW if root is None or _is_at_home(whole, key, edge) else Confidence.HIGH,
        file=whole.path(key[0]),
        line=edge.site.line,
        column=edge.site.column + 1,
        message=f"{sink.path} waits for as long as the other side likes: it has no timeout",
        chain=(*steps, whole.step(key, edge.site.line, sink.path)),
        fix=f"Give it a `{sink.timeout}` that fits into the deadline of the requests that wait for it",
    )


RULE = Rule(
    code="HF202",
    name="missing-timeout",
    what="A call over the network has no timeout, and its library sets none.",
    why=(
        "A server that hangs keeps the caller for ever. Requests pile up behind it until threads, "
        "connections or memory are gone: one slow dependency takes the whole service."
    ),
    limits=(
        "A timeout that is set on a session or by a subclass of it is not seen. A call of the same machine, "
        "and one that no request leads to, has low confidence."
    ),
    bad="""
import requests
from fastapi import FastAPI

app = FastAPI()

@app.get("/rates")
def rates():
    return requests.get("http://rates").json()
""",
    good="""
import requests
from fastapi import FastAPI

app = FastAPI()

@app.get("/rates")
def rates():
    return requests.get("http://rates", timeout=1.0).json()
""",
    find=find,
    by_module=True,
)
