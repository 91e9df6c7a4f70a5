"""HF801: an upload that is read whole into memory."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph.program import statements
from holdfast.audit.graph.sites import sites
from holdfast.audit.rules.found import found, sure
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Function
from holdfast.audit.source.inside import own, parts
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

UPLOADS = frozenset(
    {
        *("fastapi.UploadFile", "fastapi.datastructures.UploadFile", "starlette.datastructures.UploadFile"),
        "fastapi.File",
    }
)


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
            if not _asks_size(function):
                yield found(
                    RULE,
                    whole,
                    key,
                    (site.line, site.column),
                    "this reads a whole upload into memory, however large the client made it",
                    "Read it in pieces (`await file.read(65536)`) and stop at a limit",
                    confidence=max(sure(whole, key), Confidence.MEDIUM),
                    calls="UploadFile.read",
                )


def _asks_size(function: Function) -> bool:
    return any(
        part[0] == form.ATTR and part[2] == "size"
        for statement in statements(function.body)
        for value in own(statement)
        for part in parts(value)
    )


RULE = Rule(
    code="HF801",
    name="whole-upload",
    what="An uploaded file is read whole into memory.",
    why=(
        "The client decides how large it is. A few large uploads at a time take the worker's memory, and the "
        "kernel ends the worker with all its other requests."
    ),
    limits="A limit in a proxy before the service is not seen; one on `file.size` is.",
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
