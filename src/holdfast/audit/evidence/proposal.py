"""What to tell the audit of a stall that it did not foresee: the sink, as a budget has it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from holdfast.audit.evidence.match import Match
from holdfast.audit.evidence.observed import Frame, Stall
from holdfast.audit.evidence.where import Files
from holdfast.audit.sources import Sources

__all__ = ["proposal"]

_KINDS = {
    "network": ("socket.py", "ssl.py", "http/client.py", "urllib3/", "httpcore/"),
    "process": ("subprocess.py",),
    "lock": ("threading.py", "queue.py", "concurrent/futures/"),
    "disk": ("pathlib.py", "shutil.py", "tempfile.py"),
}
"""Where the innermost frame of a wait stands."""

_LIBRARIES = ("site-packages/", "dist-packages/")


def proposal(stall: Stall, match: Match, files: Files, sources: Sources) -> str:
    """Return the lines for the budget that name the call as one that blocks; "" where no call is to be seen.

    The call is the library's function that the service's own line called, as the stack has it; without a
    stack, the one call of that line whose name was imported.
    """
    call = _of_stack(stall, match) or _of_line(stall.place, files, sources)
    if not call:
        return ""
    kind = _kind(stall)
    lines = ["[[audit.sink]]", f'call = "{call}"', f'kind = "{kind or "network"}"']
    if not kind:
        lines[-1] += "  # or database, disk, process, sleep, lock, model: the stack does not tell"
    return "\n".join(lines)


def _kind(stall: Stall) -> str:
    if stall.cause == "cpu":
        return "cpu"
    innermost = f"{stall.frames[0].file} {stall.sink.partition(':')[0]}"
    return next((kind for kind, ends in _KINDS.items() if any(end in innermost for end in ends)), "")


def _of_stack(stall: Stall, match: Match) -> str:
    called: Frame | None = None
    for frame in stall.frames:
        if match.is_of_source(frame) or (frame.file, frame.function) == (
            stall.place.file,
            stall.place.function,
        ):
            break
        called = frame
    else:
        return ""
    if called is None:
        return ""
    module = _module(called.file)
    return f"{module}.{called.function}" if module and "<" not in called.function else ""


def _module(file: str) -> str:
    for folder in _LIBRARIES:
        _, found, below = file.rpartition(folder)
        if found:
            return below.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    parts = file.split("/")
    at = next((number for number, part in enumerate(parts) if part.startswith("python3")), None)
    return ".".join(parts[at + 1 :]).removesuffix(".py").removesuffix(".__init__") if at is not None else ""


def _of_line(place: Frame, files: Files, sources: Sources) -> str:
    found = files.like(place.file)
    if len(found) != 1:
        return ""
    try:
        tree = ast.parse("\n".join(sources.lines(found[0])))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    imported = dict(_imports(tree))
    calls = {
        path
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.lineno <= place.line <= (node.end_lineno or node.lineno)
        if (path := _path(node.func, imported))
    }
    return calls.pop() if len(calls) == 1 else ""


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield (name.asname, name.name) if name.asname else (name.name.partition(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                yield name.asname or name.name, f"{node.module}.{name.name}"


def _path(called: ast.expr, imported: dict[str, str]) -> str:
    names: list[str] = []
    while isinstance(called, ast.Attribute):
        names.append(called.attr)
        called = called.value
    if not isinstance(called, ast.Name) or called.id not in imported:
        return ""
    return ".".join([imported[called.id], *reversed(names)])
