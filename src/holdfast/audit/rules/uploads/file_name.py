"""HF802: a path that the client names."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.sites import sites
from holdfast.audit.rules.found import found, sure
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.uploads.whole_file import UPLOADS
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_PATHS = frozenset(
    {"open", "io.open", "os.path.join", "pathlib.Path", "pathlib.Path.joinpath", "aiofiles.open"}
)


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each path that is made of an upload's `filename` as it came."""
    for key in sorted(whole.reach.edges):
        told: set[Expression] = set()  # each upload once a function
        for site in sites(whole.program.function(key).body):
            call = site.expression
            if call[0] != form.CALL or site.entered:
                continue
            # A `Path(name).name`, or a suffix of it, is what remains when it was made safe.
            names = {
                name for argument in call[2][_first(call) :] for name in _file_names(whole, key, argument)
            }
            if names - told and not _PATHS.isdisjoint(whole.named(call[1], key)):
                told |= names
                anywhere = _is_sent(whole, key, call[2][0])
                yield found(
                    RULE,
                    whole,
                    key,
                    (site.line, site.column),
                    "the client's file name becomes a path: `../` in it leads anywhere",
                    "Name the file yourself (`uuid4().hex`), and keep the client's name as data",
                    severity=Severity.HIGH,
                    confidence=Confidence.LOW if anywhere else max(sure(whole, key), Confidence.MEDIUM),
                    calls=word(call[1]),
                )


def _is_sent(whole: Whole, key: FunctionKey, folder: Expression) -> bool:
    """Whether the client names the folder as well, in a route: then it may write anywhere as it is."""
    scope, root = whole.program.scope(key), whole.reach.entry(key)
    bound = scope.values.get(word(folder), ()) if folder[0] == form.NAME else ()
    names = {word(one) for one in (folder, *bound) if one[0] == form.NAME}
    sent = {one.name for one in whole.program.function(key).parameters}
    return root is not None and root.function == key and not names.isdisjoint(sent)


def _first(call: Expression) -> int:
    """Return the first argument that counts: a path of the name alone may be asked for its last part."""
    return 1 if word(call[1]) == "Path" else 0


def _file_names(whole: Whole, key: FunctionKey, value: Expression) -> Iterator[Expression]:
    """Yield the uploads whose names are in a text; what a function made of a name is not in it."""
    if value[0] == form.CALL:
        return
    inside = [part for part in parts(value) if part[0] == form.CALL]
    hidden = {id(part) for call in inside for part in parts(call)}
    for part in parts(value):
        named = part[0] == form.ATTR and part[2] == "filename" and id(part) not in hidden
        if named and UPLOADS.intersection(whole.named(part[1], key)):
            yield part[1]


RULE = Rule(
    code="HF802",
    name="client-file-name",
    what="The name of an uploaded file becomes a path as the client sent it.",
    why=(
        "A name like `../../app/main.py` writes outside of the folder, and two clients with the same name "
        "overwrite each other's file."
    ),
    limits=(
        "A name that a function made safe, or that was put into a variable first, is not followed. Low "
        "confidence where the client names the folder as well."
    ),
    bad="""
import os
from fastapi import FastAPI, UploadFile

app = FastAPI()

@app.post("/pictures")
def picture(file: UploadFile):
    return os.path.join("pictures", file.filename)
""",
    good="""
import os
from uuid import uuid4
from fastapi import FastAPI, UploadFile

app = FastAPI()

@app.post("/pictures")
def picture(file: UploadFile):
    return os.path.join("pictures", uuid4().hex)
""",
    find=find,
    by_module=True,
)
