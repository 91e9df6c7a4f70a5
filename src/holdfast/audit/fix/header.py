"""The head of a module: where imports and constants go that a fix needs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import libcst as cst
from libcst.helpers import get_full_name_for_node

__all__ = ["Statement", "with_imports", "with_statements"]

Statement: TypeAlias = cst.SimpleStatementLine | cst.BaseCompoundStatement


def with_imports(module: cst.Module, wanted: Iterable[tuple[str, str]]) -> cst.Module:
    """Return `module` with the imports (module, name) that it lacks; "" as name for the module itself."""
    for path, name in sorted(set(wanted)):
        module = _with_name(module, path, name) if name else _with_module(module, path)
    return module


def with_statements(module: cst.Module, code: str) -> cst.Module:
    """Return `module` with the statements of `code` below its imports, a blank line around them."""
    parsed = cst.parse_module(code, config=module.config_for_parsing)
    new: list[Statement] = list(parsed.body)
    at = _below_imports(module.body)
    above = [_blank()] if at or module.header else []
    new[0] = new[0].with_changes(leading_lines=[*above, *parsed.header, *new[0].leading_lines])
    rest = list(module.body[at:])
    if rest and not (rest[0].leading_lines and rest[0].leading_lines[0].comment is None):
        rest[0] = rest[0].with_changes(leading_lines=[_blank(), *rest[0].leading_lines])
    return module.with_changes(body=[*module.body[:at], *new, *rest])


def _with_module(module: cst.Module, path: str) -> cst.Module:
    if any(_imports(line, path) for line in module.body):
        return module
    line = cst.parse_statement(f"import {path}", config=module.config_for_parsing)
    return _inserted(module, line, path)


def _with_name(module: cst.Module, path: str, name: str) -> cst.Module:
    for number, line in enumerate(module.body):
        found = _import_of(line)
        if (
            not isinstance(found, cst.ImportFrom)
            or _path(found) != path
            or not isinstance(found.names, Sequence)
        ):
            continue
        if any(alias.evaluated_name == name and alias.asname is None for alias in found.names):
            return module
        changed = line.with_deep_changes(found, names=_with_alias(found.names, name))
        return module.with_changes(body=[*module.body[:number], changed, *module.body[number + 1 :]])
    line = cst.parse_statement(f"from {path} import {name}", config=module.config_for_parsing)
    return _inserted(module, line, path)


def _with_alias(names: Sequence[cst.ImportAlias], name: str) -> list[cst.ImportAlias]:
    """Return the names with one more in its alphabetical place, set off as the others are."""
    at = next((n for n, alias in enumerate(names) if _order(alias.evaluated_name) > _order(name)), len(names))
    between = names[0].comma if len(names) > 1 else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    new = cst.ImportAlias(cst.Name(name))
    if at < len(names):
        return [*names[:at], new.with_changes(comma=between), *names[at:]]
    last = names[-1]
    return [*names[:-1], last.with_changes(comma=between), new.with_changes(comma=last.comma)]


def _order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, as isort has it."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def _inserted(module: cst.Module, line: Statement, path: str) -> cst.Module:
    """Return the module with an import where it belongs."""
    body = list(module.body)
    own = _is_standard(path)
    plain = isinstance(_import_of(line), cst.Import)
    peers = _group(body, path)
    if peers:
        after = [n for n in peers if _before(_import_of(body[n]), plain, path)]
        at = after[-1] + 1 if after else peers[0]
        if not after:  # the first of its group has the blank line above it
            line = line.with_changes(leading_lines=body[at].leading_lines)
            body[at] = body[at].with_changes(leading_lines=())
    else:
        at = _above_imports(body) if own else _below_imports(body)
        has_blank = at > 0 or bool(module.header)
        line = line.with_changes(leading_lines=[_blank()] if has_blank else ())
        if at < len(body) and not body[at].leading_lines:
            body[at] = body[at].with_changes(leading_lines=[_blank()])
    return module.with_changes(body=[*body[:at], line, *body[at:]])


def _group(body: Sequence[Statement], path: str) -> list[int]:
    """Return the imports that a new one stands among: its package's, or its kind's first."""
    heads = {
        number: _head(found)
        for number, each in enumerate(body[: _below_imports(body)])
        if (found := _import_of(each)) is not None and _head(found) != "__future__"
    }
    own = path.split(".")[0]
    first = next((n for n, head in heads.items() if head == own), None)
    if first is None:
        first = next((n for n, head in heads.items() if _is_standard(head) == _is_standard(own)), None)
    if first is None:
        return []
    while first - 1 in heads and not body[first].leading_lines:
        first -= 1
    last = first
    while last + 1 in heads and not body[last + 1].leading_lines:
        last += 1
    return [n for n in range(first, last + 1) if _is_standard(heads[n]) == _is_standard(own)]


def _before(found: cst.Import | cst.ImportFrom | None, plain: bool, path: str) -> bool:
    """Whether an import stands before a new one: `import a` before `from b import c`, then by name."""
    if found is None:
        return False
    is_plain = isinstance(found, cst.Import)
    return (not is_plain, _path(found)) < (not plain, path)


def _above_imports(body: Sequence[Statement]) -> int:
    """Return where imports begin: below the docstring and `from __future__`."""
    at = 0
    for number, line in enumerate(body):
        found = _import_of(line)
        if _is_docstring(line, number) or (found is not None and _head(found) == "__future__"):
            at = number + 1
        elif found is not None or not _is_docstring(line, number):
            break
    return at


def _below_imports(body: Sequence[Statement]) -> int:
    """Return where imports end, with `__all__` where that follows them."""
    at = 0
    for number, line in enumerate(body):
        if _is_docstring(line, number) or _import_of(line) is not None:
            at = number + 1
        elif _names(line) == "__all__":
            return number + 1
        elif not isinstance(line, cst.If | cst.Try):
            break
        elif any(_import_of(inner) is not None for inner in line.body.body if isinstance(inner, Statement)):
            at = number + 1
        else:
            break
    return at


def _is_docstring(line: Statement, number: int) -> bool:
    return (
        number == 0
        and isinstance(line, cst.SimpleStatementLine)
        and isinstance(line.body[0], cst.Expr)
        and isinstance(line.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )


def _names(line: Statement) -> str:
    first = line.body[0] if isinstance(line, cst.SimpleStatementLine) else None
    target = first.targets[0].target if isinstance(first, cst.Assign) else None
    return target.value if isinstance(target, cst.Name) else ""


def _import_of(line: cst.CSTNode) -> cst.Import | cst.ImportFrom | None:
    first = line.body[0] if isinstance(line, cst.SimpleStatementLine) else None
    return first if isinstance(first, cst.Import | cst.ImportFrom) else None


def _imports(line: Statement, path: str) -> bool:
    """Whether a line has `import path`, or of something below it, under its own name."""
    found = _import_of(line)
    return isinstance(found, cst.Import) and any(
        alias.asname is None and f"{alias.evaluated_name}.".startswith(f"{path}.") for alias in found.names
    )


def _path(found: cst.Import | cst.ImportFrom) -> str:
    if isinstance(found, cst.Import):
        return found.names[0].evaluated_name
    return "." * len(found.relative) + (get_full_name_for_node(found.module) or "" if found.module else "")


def _head(found: cst.Import | cst.ImportFrom) -> str:
    return _path(found).split(".")[0]


def _is_standard(path: str) -> bool:
    return path.split(".")[0] in sys.stdlib_module_names


def _blank() -> cst.EmptyLine:
    return cst.EmptyLine(indent=False)
