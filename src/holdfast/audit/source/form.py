"""The form that a file is read into: what matters of it, small enough to keep and to send between processes.

A file becomes a `Module`: imports, functions, classes, and what its top level does. Expressions are tuples
whose first element is one of the tags below, so that `marshal` can store them and nothing is executed on
loading. What cannot matter (constants in arithmetic, docstrings, comparisons without calls) is left out.

    (NAME, name)                            (ATTR, base, name)
    (CALL, func, args, keywords, line, column)      keywords: ((name or None, value), ...)
    (AWAIT, value)                          (YIELD, value)
    (TEXT, value) (NUMBER, value) (CONST, value)    TEXT is cut to 200 characters; CONST: None, True, False
    (SUB, base, index)                      (SEQ, kind, items)      kind: "list", "tuple", "set"
    (DICT, keys, values)                    (COMP, kind, element, generators)
    (LAMBDA, function)                      (ANY, values)           one of several values
    (WALRUS, name, value)                   (OP, children)          of no value that matters, only its calls
    (OR, left, right)                       X | Y, a type's or a number's

Statements are tuples as well; `body` and the like are tuples of statements.

    (ASSIGN, target, value, line)           target: (NAME, ..), (ATTR, ..), (SUB, ..), (SEQ, "tuple", ..)
    (ANNOTATE, target, annotation, value or None, line)
    (DO, value, line)                       (RETURN, value, line)
    (FOR, target, iterable, asynchronous, body, line)
    (WHILE, test, body, line)               (WITH, ((value, target or None), ...), asynchronous, body, line)
    (TRY, body, handlers, rest, line)       handlers: ((types or None, name, body, line), ...)
    (BRANCH, test, bodies, line)            (DEFINE, "function" or "class", index, line)
    (IMPORT, name, path, line)              within a function
    (GLOBAL, names, line)                   (RAISE, value or None, line)
    (BREAK, line)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = [
    "ANNOTATE",
    "ANY",
    "ASSIGN",
    "ATTR",
    "AWAIT",
    "BRANCH",
    "BREAK",
    "CALL",
    "COMP",
    "CONST",
    "DEFINE",
    "DICT",
    "DO",
    "FOR",
    "GLOBAL",
    "IMPORT",
    "LAMBDA",
    "NAME",
    "NUMBER",
    "OP",
    "OR",
    "RAISE",
    "RETURN",
    "SEQ",
    "SUB",
    "TEXT",
    "TRY",
    "WALRUS",
    "WHILE",
    "WITH",
    "YIELD",
    "Class",
    "Expression",
    "Function",
    "Module",
    "Parameter",
    "Statement",
    "Trouble",
]

Expression: TypeAlias = tuple[Any, ...]
Statement: TypeAlias = tuple[Any, ...]

(NAME, ATTR, CALL, AWAIT, YIELD, TEXT, NUMBER, CONST, SUB, SEQ, DICT, COMP, LAMBDA, ANY, WALRUS, OP, OR) = (
    range(17)
)
(ASSIGN, ANNOTATE, DO, RETURN, FOR, WHILE, WITH, TRY, BRANCH, DEFINE, IMPORT, GLOBAL, RAISE, BREAK) = range(
    32, 46
)


@dataclass(slots=True)
class Parameter:
    """`kind`: "positional", "keyword", "args" or "kwargs"."""

    name: str
    annotation: Expression | None
    default: Expression | None
    kind: str


@dataclass(slots=True)
class Function:
    """A def or a lambda; `index` is its place in `Module.functions`.

    `owner` is the index of the class whose body it stands in, `within` that of the function; None where
    there is none. `name` is "" for a lambda.
    """

    index: int
    name: str
    line: int
    end: int
    asynchronous: bool
    generator: bool
    parameters: tuple[Parameter, ...]
    returns: Expression | None
    decorators: tuple[Expression, ...]
    body: tuple[Statement, ...]
    owner: int | None
    within: int | None


@dataclass(slots=True)
class Class:
    """`functions` are its methods by name, `body` what else stands in it: fields and their values."""

    index: int
    name: str
    line: int
    bases: tuple[Expression, ...]
    keywords: tuple[tuple[str | None, Expression], ...]
    decorators: tuple[Expression, ...]
    functions: dict[str, int]
    body: tuple[Statement, ...]
    within: int | None


@dataclass(slots=True)
class Trouble:
    """Something that could not be read: `message` says what, `line` where, 0 for the whole file."""

    line: int
    message: str


@dataclass(slots=True)
class Module:
    """One file. `imports` maps a name to a dotted path; a relative one begins with its dots."""

    path: str
    lines: int
    imports: dict[str, str] = field(default_factory=dict)
    stars: tuple[str, ...] = ()
    functions: list[Function] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    body: tuple[Statement, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    aliases: tuple[str, ...] = ()
