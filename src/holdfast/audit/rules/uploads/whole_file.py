"""HF801: an upload that is read whole into memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.graph.sites import sites
from holdfast.audit.rules.found import found, sure
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function, Statement
from holdfast.audit.source.inside import own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

UPLOADS = frozenset(
    {
        *("fastapi.UploadFile", "fastapi.datastructures.UploadFile", "starlette.datastructures.UploadFile"),
        "fastapi.File",
    }
)


_TEXTS = re.compile(r"(^|_)(decode|loads|safe_load|yaml|json|toml|from_string)(_|$)")
"""In the names of functions that take a text."""
_SIZES = frozenset({"size", "content_length", "tell"})
_CHECKS = re.compile(r"(^|_)(validate|check|verify|ensure|assert|size|limit)(_|$)")
_LIMITS = re.compile(r"(^|_)(size|length|limit|max|too_large)(_|$)", re.IGNORECASE)
"""In the names of functions that ask how large something is."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each read of an upload without a size, where nothing asks how large it is."""
    for key in sorted(whole.reach.edges):
        function = whole.program.function(key)
        for site in sites(function.body):
            call = site.expression
            if call[0] != form.CALL or site.entered or call[1][0] != form.ATTR or call[1][2] != "read":
                continue
            if call[2] or call[3] or not UPLOADS.intersection(whole.named(call[1][1], key)):
                continue
            if not any(_asks_size(whole.program.function(one)) for one in _looking(whole, key)):
                yield found(
                    RULE,
                    whole,
                    key,
                    (site.line, site.column),
                    "this reads a whole upload into memory, however large the client made it",
                    "Read it in pieces (`await file.read(65536)`) and stop at a limit",
                    confidence=Confidence.LOW
                    if _is_text(function, call) or "chunk" in function.name or _is_refused(whole, key)
                    else max(sure(whole, key), Confidence.MEDIUM),
                    calls="UploadFile.read",
                )


def _looking(whole: Whole, key: FunctionKey) -> Iterator[FunctionKey]:
    """Yield the functions that may look at an upload: the one that reads it, those around it, and those that
    check it for them."""
    function = whole.program.function(key)
    yield key
    if function.within is not None:
        yield from _looking(whole, (key[0], function.within))
    called = [edge.callee for edge in whole.reach.edges.get(key, ()) if edge.callee is not None]
    for one in called:
        if _CHECKS.search(whole.program.function(one).name):
            yield one
            for edge in whole.reach.edges.get(one, ()):
                if edge.callee is not None and _CHECKS.search(whole.program.function(edge.callee).name):
                    yield edge.callee


def _is_refused(whole: Whole, key: FunctionKey) -> bool:
    """Whether the caller looks at the size of the request or of the file, and raises before it goes on."""
    way = whole.reach.way(key)
    if not way:
        return False
    caller = whole.program.function(way[-1].caller)
    raises = any(one[0] == form.RAISE for one in statements(caller.body))
    return raises and (_asks_size(caller) or _asks_header(caller))


def _asks_header(function: Function) -> bool:
    return any(
        part[0] == form.TEXT and part[1].lower() == "content-length"
        for statement in statements(function.body)
        for value in own(statement)
        for part in parts(value)
    )


def _is_text(function: Function, read: Expression) -> bool:
    """Whether what is read is taken for a text at once, as settings and scripts are: those are small."""
    names = {
        word(statement[1])
        for statement in statements(function.body)
        if statement[0] == form.ASSIGN and any(part is read for part in parts(statement[2]))
    }
    for statement in statements(function.body):
        for value in own(statement):
            for part in parts(value):
                if part[0] == form.CALL and _TEXTS.search(word(part[1])):
                    given = [*part[2], part[1][1]] if part[1][0] == form.ATTR else part[2]
                    if any(inner is read or word(inner) in names for one in given for inner in parts(one)):
                        return True
    return False


def _is_size(statement: Statement) -> bool:
    """Whether a statement notes a size: `size = len(content)`."""
    return statement[0] == form.ASSIGN and _LIMITS.search(word(statement[1])) is not None


def _asks_size(function: Function) -> bool:
    """Whether a function looks at the size of a file, or of what it has read of it."""
    for statement in statements(function.body):
        for value in own(statement):
            for part in parts(value):
                if part[0] == form.ATTR and part[2] in _SIZES:
                    return True
                measured = part[0] == form.CALL and part[1] == (form.NAME, "len")
                if measured and (statement[0] == form.BRANCH or _is_size(statement)):
                    return True  # too late for the memory, but a proxy's limit is likely to be the same
                if part[0] == form.CALL and _LIMITS.search(word(part[1])):
                    return True
    return False


RULE = Rule(
    code="HF801",
    name="whole-upload",
    what="An uploaded file is read whole into memory.",
    why=(
        "The client decides how large it is. A few large uploads at a time take the worker's memory, and the "
        "kernel ends the worker with all its other requests."
    ),
    limits="A limit in a proxy before the service is not seen; a look at the size, before or after, is. "
    "Low confidence for what is decoded as a text at once, for chunks that the client makes, and where the "
    "caller has refused what is too large by its Content-Length.",
    bad="""
from fastapi import FastAPI, UploadFile

app = FastAPI()

@app.post("/pictures")
async def picture(file: UploadFile):
    return len(await file.read())
""",
    good="""
from fastapi import FastAPI, UploadFile

app = FastAPI()

@app.post("/pictures")
async def picture(file: UploadFile):
    size = 0
    while piece := await file.read(65536):
        size += len(piece)
    return size
""",
    find=find,
    by_module=True,
)
