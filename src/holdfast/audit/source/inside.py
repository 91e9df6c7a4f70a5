"""What is inside: the expressions of a statement, and the parts of an expression."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement

__all__ = ["bodies", "own", "parts", "word"]


def parts(value: Expression) -> Iterator[Expression]:
    """Yield `value` and all that it is made of; a lambda's body is not part of it."""
    yield value
    tag = value[0]
    if tag == form.CALL:
        yield from parts(value[1])
        for one in value[2]:
            yield from parts(one)
        for _, one in value[3]:
            yield from parts(one)
    elif tag in (form.ATTR, form.AWAIT, form.YIELD):
        yield from parts(value[1])
    elif tag in (form.SUB, form.OR):
        yield from parts(value[1])
        yield from parts(value[2])
    elif tag in (form.ANY, form.OP):
        for one in value[1]:
            yield from parts(one)
    elif tag == form.SEQ:
        for one in value[2]:
            yield from parts(one)
    elif tag == form.DICT:
        for one in (*value[1], *value[2]):
            yield from parts(one)
    elif tag == form.WALRUS:
        yield from parts(value[2])
    elif tag == form.COMP:
        for _, iterable, tests, _ in value[3]:
            yield from parts(iterable)
            for test in tests:
                yield from parts(test)
        yield from parts(value[2])


def own(statement: Statement) -> Iterator[Expression]:
    """Yield the expressions that a statement evaluates itself, and not in its body."""
    tag = statement[0]
    if tag in (form.DO, form.RETURN, form.WHILE, form.BRANCH):
        yield statement[1]
    elif tag == form.RAISE:
        if statement[1] is not None:
            yield statement[1]
    elif tag == form.ASSIGN:
        yield statement[2]
        yield statement[1]
    elif tag == form.ANNOTATE:
        if statement[3] is not None:
            yield statement[3]
    elif tag == form.FOR:
        yield statement[2]
    elif tag == form.WITH:
        for value, _ in statement[1]:
            yield value


def bodies(statement: Statement) -> Iterator[tuple[Statement, ...]]:
    """Yield the bodies of a statement, in the order of the source."""
    tag = statement[0]
    if tag == form.FOR:
        yield statement[4]
    elif tag == form.WHILE:
        yield statement[2]
    elif tag == form.WITH:
        yield statement[3]
    elif tag == form.BRANCH:
        yield from statement[2]
    elif tag == form.TRY:
        yield statement[1]
        for handler in statement[2]:
            yield handler[2]
        yield statement[3]


def word(value: Expression) -> str:
    """Return the last name of what is called or named: "get" of `client.get`; "" where there is none."""
    return str(value[-1]) if value[0] in (form.NAME, form.ATTR) else ""
