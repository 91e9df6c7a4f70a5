"""Trees of real code in sizes that grow, and what one edits in them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from holdfast.audit.source.find import find

__all__ = ["change_names", "change_statement", "changeable", "grow", "widest"]


def grow(source: Path, target: Path, sizes: list[int]) -> Iterator[int]:
    """Copy so much of `source` to `target` that it has each of `sizes` in lines, and yield each size reached.

    Files are taken in the order of their paths, so package by package; what pytest would collect is left out,
    as the audit leaves it out. Ends where there is no more.
    """
    files = iter(find(source))
    lines = 0
    for size in sizes:
        for found in files:
            data = found.file.read_bytes()
            file = target / found.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            lines += data.count(b"\n")
            if lines >= size:
                break
        else:
            return
        yield size


def changeable(tree: Path, count: int) -> list[Path]:
    """Return so many files with functions, from small ones to the largest."""
    files = [
        found.file
        for found in sorted(find(tree), key=lambda found: (found.file.stat().st_size, found.path))
        if _last_statement(found.file) is not None
    ]
    return files[len(files) // (2 * count) :: max(1, len(files) // count)][:count]


def widest(tree: Path) -> Path:
    """Return the changeable file that most files import by name."""
    imported: Counter[str] = Counter()
    for found in find(tree):
        imported.update(_imports(found.file))
    files = {
        found.path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): found.file
        for found in find(tree)
    }
    by_end: dict[str, list[Path]] = {}
    for name, file in files.items():
        parts = name.split(".")
        for start in range(len(parts)):
            by_end.setdefault(".".join(parts[start:]), []).append(file)
    for name, _ in imported.most_common():
        owners = by_end.get(name, [])
        if len(owners) == 1 and "." in name and _last_statement(owners[0]) is not None:
            return owners[0]
    raise ValueError(f"nothing in {tree} imports another module of it")


def change_statement(file: Path, number: int) -> None:
    """Put a call into a function of a file."""
    statement = _last_statement(file)
    assert statement is not None
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    lines.insert(statement.lineno - 1, f"{' ' * statement.col_offset}changed = print({number})\n")
    file.write_text("".join(lines), encoding="utf-8")


def change_names(file: Path, number: int) -> None:
    """Let a file define one function more."""
    with file.open("a", encoding="utf-8") as opened:
        opened.write(f"\n\ndef changed_{number}():\n    return {number}\n")


def _imports(file: Path) -> set[str]:
    """Return the modules that a file names in its absolute imports."""
    tree = _parsed(file)
    return {
        one.module
        for one in (ast.walk(tree) if tree is not None else ())
        if isinstance(one, ast.ImportFrom) and one.module is not None and not one.level
    }


def _last_statement(file: Path) -> ast.stmt | None:
    """Return the last statement of the last function in a file, where it has a line to itself."""
    tree = _parsed(file)
    functions = [
        one
        for one in (ast.walk(tree) if tree is not None else ())
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    last = functions[-1].body[-1] if functions else None
    return last if last is not None and last.lineno > functions[-1].lineno else None


def _parsed(file: Path) -> ast.Module | None:
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return None
