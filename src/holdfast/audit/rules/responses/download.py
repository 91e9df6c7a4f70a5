"""HF805: a download that is read whole into memory."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.calls import calls, keyword, requested
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_RESPONSES = frozenset({"Response", "StreamingResponse"})
_OPENS = frozenset({"open", "io.open", "aiofiles.open", "anyio.open_file", "pathlib.Path.open"})
_FARTHEST = 4
_SMALL = ("text/", "image/", "application/json", "application/javascript")
"""What is small as a rule."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each response that is made of the bytes of a whole file or object."""
    for key in requested(whole):
        for site in calls(whole, key, _RESPONSES):
            call = site.expression
            paths = set(whole.named(call[1], key))
            if not any(path.startswith(("fastapi.", "starlette.")) for path in paths) or _is_small(call):
                continue
            content = keyword(call, "content") or (call[2][0] if call[2] else None)
            source = _read(whole, key, content, 0) if content is not None else ""
            if source:
                yield found(
                    RULE,
                    whole,
                    key,
                    (call[4], call[5]),
                    f"the whole of {source} is in memory for each request that downloads it",
                    "`FileResponse(path)` for a file; for an object a `StreamingResponse` over its pieces",
                    confidence=Confidence.MEDIUM,
                )


def _is_small(call: Expression) -> bool:
    kind = keyword(call, "media_type")
    return kind is not None and kind[0] == form.TEXT and kind[1].startswith(_SMALL)


def _read(whole: Whole, key: FunctionKey, value: Expression, far: int) -> str:
    """Return what a content was read of at once: "a file", "an object"; "" for anything else."""
    while value[0] == form.AWAIT:
        value = value[1]
    if far > _FARTHEST:
        return ""
    if value[0] == form.NAME:
        scope = whole.program.scope(key)
        bound = scope.values.get(value[1], [])
        return _read(whole, key, bound[0], far + 1) if len(bound) == 1 else ""
    if value[0] != form.CALL:
        return ""
    name = word(value[1])
    if name == "BytesIO" and value[2]:
        return _read(whole, key, value[2][0], far + 1)
    if name == "read_bytes" and "pathlib.Path.read_bytes" in set(whole.named(value[1], key)):
        return "a file"
    if name == "read" and value[1][0] == form.ATTR and not value[2]:
        return _opened(whole, key, value[1][1])
    return ""


def _opened(whole: Whole, key: FunctionKey, receiver: Expression) -> str:
    if receiver[0] == form.SUB and receiver[2] == (form.TEXT, "Body"):
        return "an object"  # of S3
    sources = [receiver]
    if receiver[0] == form.NAME:
        scope = whole.program.scope(key)
        sources = [value for value, _ in scope.entered.get(receiver[1], ())]
        sources += scope.values.get(receiver[1], [])
    for one in sources:
        for part in parts(one):
            if part[0] == form.CALL and not _OPENS.isdisjoint(whole.named(part[1], key)):
                return "a file"
    return ""


RULE = Rule(
    code="HF805",
    name="whole-download",
    what="A response is made of all bytes of a file or an object, read into memory first.",
    why=(
        "Ten downloads of a 200 MB file at a time are two gigabytes, and the kernel ends the worker with "
        "all its other requests. The first byte leaves only when the last one was read."
    ),
    limits="How large the file is, is not known; texts and images are left out by their media type.",
    bad="""
from fastapi import FastAPI, Response

app = FastAPI()

@app.get("/exports/{name}")
def export(name: str):
    with open("/exports/orders.zip", "rb") as file:
        content = file.read()
    return Response(content, media_type="application/zip")
""",
    good="""
from fastapi import FastAPI
from fastapi.responses import FileResponse

app = FastAPI()

@app.get("/exports/{name}")
def export(name: str):
    return FileResponse("/exports/orders.zip", media_type="application/zip")
""",
    find=find,
    by_module=True,
)
