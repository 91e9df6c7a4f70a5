"""What a thread would break: why a call that the event loop makes is not simply handed to one.

On the loop a function that does not await runs alone. In a thread it runs beside the loop and beside other
calls of itself, and its caller lets others in where it did not before. What they share was safe, and is not
any more: the classic is check-then-act.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.fix.shared import written
from holdfast.audit.graph import value as v
from holdfast.audit.graph.library import Sink
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.reach import Edge
from holdfast.audit.graph.sites import sites
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import parts
from holdfast.audit.whole import Whole

__all__ = ["belongs_to_thread", "objection"]

_BOUND = (
    *("sqlalchemy.orm.Session", "sqlalchemy.orm.Query", "sqlalchemy.engine.Connection", "sqlite3."),
    *("boto3.resource", "threading.", "multiprocessing.", "peewee."),
)
"""What belongs to the thread that made it, or to one thread at a time."""

_ONE_AT_A_TIME = (
    *("psycopg2.", "psycopg.Connection", "psycopg.Cursor", "pymysql.", "MySQLdb.", "mysql.connector."),
    *("clickhouse_driver.", "clickhouse_connect.", "pika.", "kafka.KafkaConsumer", "ftplib.", "smtplib."),
    *("imaplib.", "poplib.", "telnetlib.", "paramiko.", "ldap3.", "http.client."),
)
"""Connections that break, or mix up answers, when a second call comes before the first has ended."""

_LOOP = ("asyncio.", "anyio.", "contextvars.")
_READS = frozenset({"pathlib.Path.read_text", "pathlib.Path.read_bytes"})
_OPENS = frozenset({"open", "io.open", "pathlib.Path.open"})


def belongs_to_thread(whole: Whole, edge: Edge) -> bool:
    """Whether the call of `edge` touches something that belongs to one thread."""
    return any(path.startswith(_BOUND) for path in _touched(whole, edge))


def objection(whole: Whole, edge: Edge) -> str:
    """Return what to check before the call of `edge` moves to a thread; "" where there is nothing."""
    alone = next((path for path in _touched(whole, edge) if path.startswith(_ONE_AT_A_TIME)), "")
    if alone:
        return f"{alone} takes one call at a time: that no other request has the same one"
    if edge.sink is not None and (why := _outside(edge.sink, edge)):
        return why
    shared = next(written(whole, edge.caller), "")
    if shared:
        return _race(whole, edge.caller, shared)
    for key in _reached(whole, edge.callee):
        for inner in whole.reach.edges.get(key, ()):
            if inner.sink is not None and (why := _outside(inner.sink, inner)):
                return why
        name = whole.program.qualified(key)
        for site in sites(whole.program.function(key).body):
            if site.expression[0] == form.CALL and not site.entered:
                for path in whole.named(site.expression[1], key):
                    if path.startswith(_LOOP):
                        return f"{name}() calls {path}, which needs the event loop"
        shared = next(written(whole, key), "")
        if shared:
            return _race(whole, key, shared)
    return ""


def _race(whole: Whole, key: FunctionKey, shared: str) -> str:
    name = whole.program.qualified(key)
    return f"{name}() writes `{shared}`, which other requests may share: look for check-then-act"


def _outside(sink: Sink, edge: Edge) -> str:
    """Return what a call does outside of the process that others could meet; "" for none."""
    if sink.kind == "model":
        return f"{sink.path} takes memory for each call: bound how many run at a time"
    if sink.kind == "process":
        return "it starts a process: what that and another request's do at the same time (check-then-act)"
    if sink.kind == "disk" and sink.path not in _READS and not (sink.path in _OPENS and _reads(edge)):
        return f"{sink.path.removesuffix('.*')}: files that another request uses then (check-then-act)"
    return ""


def _reads(edge: Edge) -> bool:
    """Whether a file is opened to be read."""
    call = edge.site.expression
    if call[0] != form.CALL:
        return False
    at = 0 if call[1][0] == form.ATTR and call[1][2] == "open" and call[1][1] != (form.NAME, "io") else 1
    modes = [*call[2][at : at + 1], *(value for name, value in call[3] if name == "mode")]
    return all(mode[0] == form.TEXT and set(mode[1]) <= set("rbt") for mode in modes)


def _touched(whole: Whole, edge: Edge) -> Iterator[str]:
    """Yield the paths of what a call names, and of what it calls through any number of functions."""
    for part in parts(edge.site.expression):
        yield from _paths(whole, part, edge.caller)
    if edge.sink is not None:
        yield edge.sink.path
    for key in _reached(whole, edge.callee):
        for inner in whole.reach.edges.get(key, ()):
            if inner.sink is not None:
                yield inner.sink.path


def _reached(whole: Whole, key: FunctionKey | None) -> Iterator[FunctionKey]:
    """Yield `key` and all functions of the program that it calls, through any number of others."""
    if key is None:
        return
    seen, waiting = {key}, [key]
    while waiting:
        found = waiting.pop()
        yield found
        for edge in whole.reach.edges.get(found, ()):
            if edge.callee is not None and edge.callee not in seen:
                seen.add(edge.callee)
                waiting.append(edge.callee)


def _paths(whole: Whole, part: Expression, key: FunctionKey) -> Iterator[str]:
    for one in whole.inference.values(part, Place(*key)):
        if one[0] in (v.MADE, v.OUTSIDE):
            yield whole.library.canonical(one[1])
