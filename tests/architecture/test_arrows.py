"""Who may know whom: the arrows of the house, held against every import in src/."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "holdfast"

GROUND = {"errors", "clock", "events", "lifeline", "timerfd", "version"}
MAY_KNOW: dict[str, set[str]] = {
    "errors": set(),
    "clock": set(),
    "events": set(),
    "lifeline": set(),
    "timerfd": set(),
    "version": set(),
    "budget": GROUND,
    "policy": GROUND | {"budget"},
    "loop": GROUND | {"budget", "policy"},
    "telemetry": GROUND | {"budget", "policy"},
    "client": GROUND | {"budget", "policy", "loop", "telemetry"},
    "service": GROUND | {"budget", "policy", "loop", "telemetry", "client"},
    "serve": GROUND | {"budget", "policy", "loop", "telemetry", "client", "service"},
    # How a page looks, for whoever renders one.
    "page": set(),
    # The audit reads source and the budget; of the guard and the gate only what they wrote, see READS.
    "audit": GROUND | {"budget", "page"},
    # The gate stands outside the service and meets it over HTTP, its environment and its processes.
    "gate": GROUND | {"budget", "page"},
    # What CI runs, as a document: it is made of the budget, and runs nothing.
    "ci": GROUND | {"budget"},
    # Which tools a project configures, and what they said.
    "check": GROUND,
    # The face names what users import; the entry point starts the command line.
    "__init__": GROUND | {"budget", "deadline", "loop", "policy", "service"},
    "deadline": GROUND | {"budget", "policy"},
    "__main__": {"cli"},
    # What pytest loads: it knows what it switches on, and the gate, which it runs when a test asks for it.
    "testing": GROUND | {"budget", "client", "gate"},
}

READS: dict[str, set[str]] = {
    "audit": {
        "holdfast.telemetry.stalllog",
        "holdfast.telemetry.stalls",
        "holdfast.gate.report.document",
        "holdfast.gate.result",
    },
}
"""Modules that read a document which another room writes: the form is theirs to know, and nobody else's."""

OPTIONAL = {
    "granian",
    "gunicorn",
    "uvicorn",
    "uvicorn_worker",
    "uvloop",
    "httptools",
    "httpx2",
    "numpy",
    "typer",
    "rich",
}
CORE = {"budget", "policy", "loop", "telemetry", "service", "errors", "clock", "events", "__init__"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path, *, top_level_only: bool = False) -> Iterator[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if top_level_only and (id(node) in typing_only or id(node) in inside):
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert node.module
            if node.module == "holdfast":
                yield from ((node.lineno, f"holdfast.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module


FILES = sorted(PACKAGE.rglob("*.py"))


def test_the_house_is_here() -> None:
    assert {room_of(path) for path in FILES} - {"cli"} == set(MAY_KNOW)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows(path: Path) -> None:
    room = room_of(path)
    if room == "cli":
        return  # the command line knows every room, when a verb is called: see below
    known = {
        name.split(".")[1]
        for _, name in imports(path)
        if name.startswith("holdfast.") and name not in READS.get(room, ())
    }
    forbidden = {name for name in known - {room} if name not in MAY_KNOW[room]} & {
        room_of(other) for other in FILES
    }
    assert not forbidden, f"{room} may not know {sorted(forbidden)}"


@pytest.mark.parametrize(
    "path", [p for p in FILES if room_of(p) in CORE], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_the_core_imports_nothing_optional(path: Path) -> None:
    found = {name.split(".")[0] for _, name in imports(path, top_level_only=True)} & OPTIONAL
    assert not found


def test_a_forbidden_arrow_is_seen(tmp_path: Path) -> None:
    source = tmp_path / "x.py"
    source.write_text(
        "from holdfast.service import Holdfast\nimport holdfast.gate.result\nfrom holdfast import gate\n"
    )
    assert [name for _, name in imports(source)] == [
        "holdfast.service",
        "holdfast.gate.result",
        "holdfast.gate",
    ]
