"""How much a call asks of a disk or a processor, as far as the source tells.

A look at a file takes microseconds, and so does packing a short text. What takes milliseconds is work whose
size the call itself does not bound, a tree of files or an archive, and whatever a client sends.
"""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.audit.graph.library import Sink
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.graph.reach import Edge
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function
from holdfast.audit.source.inside import own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["is_glance", "is_small"]

_GLANCES = frozenset(
    {
        *("exists", "is_file", "is_dir", "isfile", "isdir", "stat", "mkdir", "makedirs", "remove", "unlink"),
        *("rename", "move", "rmtree", "NamedTemporaryFile", "TemporaryDirectory", "mkdtemp"),
        *("listdir", "scandir", "iterdir", "glob"),
    }
)
"""Calls that ask the file system for little: they block for microseconds, on a healthy local disk."""
_OPENINGS = frozenset({"zipfile.ZipFile", "tarfile.open", "PIL.Image.open", "subprocess.Popen"})
"""Calls that read a header, or start a process, and leave the work to those that follow."""
_WRITERS = frozenset({"open", "write_text", "write_bytes"})
_ONE_FILE = frozenset({*_WRITERS, "read_text", "read_bytes", "copy", "copy2", "copyfile", "read", "write"})
"""Calls that take as long as one file is large."""
_WINK_S = 0.001
"""The shortest sleep that anybody waits for; a shorter one gives another thread its turn."""
_PACKING = frozenset({"gzip", "bz2", "lzma"})
_WRITES = frozenset("wax+")
_BODIES = frozenset({"read", "body", "stream", "form"})
"""What gives the body of a request, or of a file in it, when it is awaited."""
_BROUGHT = frozenset({"UploadFile", "SpooledTemporaryFile"})


def is_glance(sink: Sink) -> bool:
    """Whether a call takes microseconds, whatever it is given."""
    if sink.path in _OPENINGS:
        return True
    return sink.kind == "disk" and sink.path.rpartition(".")[2] in _GLANCES


def is_small(whole: Whole, root: FunctionKey | None, chain: Iterable[Edge]) -> bool:
    """Whether what the end of a chain reads, writes or packs has no known cause to be large."""
    edges = list(chain)
    sink, call = edges[-1].sink, edges[-1].site.expression
    if sink is None or sink.kind not in ("disk", "cpu", "sleep"):
        return False
    if sink.kind == "sleep":
        return call[0] == form.CALL and call[2][:1] != () and _is_wink(call[2][0])
    name = sink.path.rpartition(".")[2]
    if sink.path.partition(".")[0] in _PACKING:
        needs = True
    elif sink.kind == "disk" and name in _ONE_FILE:
        if name not in ("copyfile", "copy", "copy2") and not _writes(name, call):
            return True
        needs = True
    else:
        needs = False
    return needs and not any(_is_brought(whole, key, root) for key in {edge.caller for edge in edges})


def _is_wink(seconds: Expression) -> bool:
    return bool(seconds[0] == form.NUMBER and seconds[1] <= _WINK_S)


def _writes(name: str, call: Expression) -> bool:
    """Whether a call writes: by its name, or by the mode that it opens a file in."""
    if name != "open":
        return name.startswith("write")
    if call[0] != form.CALL:
        return False
    modes = [one for one in (*call[2], *(value for _, value in call[3])) if one[0] == form.TEXT]
    return any(len(one[1]) < 4 and _WRITES & set(one[1]) for one in modes)


def _is_brought(whole: Whole, key: FunctionKey, root: FunctionKey | None) -> bool:
    """Whether a function has in its hands what a client sends: an upload, or the body of a request."""
    function = whole.program.function(key)
    for parameter in function.parameters:
        if parameter.annotation is None:
            continue
        words = {word(part) for part in parts(parameter.annotation)}
        if words & _BROUGHT or (key == root and "bytes" in words):
            return True
    return _awaits_body(function)


def _awaits_body(function: Function) -> bool:
    return any(
        part[0] == form.AWAIT and part[1][0] == form.CALL and word(part[1][1]) in _BODIES
        for statement in statements(function.body)
        for value in own(statement)
        for part in parts(value)
    ) or any(
        one[0] == form.FOR and one[3] and one[2][0] == form.CALL and word(one[2][1]) in _BODIES
        for one in statements(function.body)
    )
