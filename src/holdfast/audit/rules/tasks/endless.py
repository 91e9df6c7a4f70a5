"""Coroutines that turn for as long as the service runs, and tell of their own errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from holdfast.audit.graph.program import statements
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function, Statement
from holdfast.audit.source.inside import bodies, own, parts, word

__all__ = ["is_endless"]

_LOGGING = frozenset({"exception", "error", "warning", "critical", "log", "print", "capture_exception"})
_QUIET = _LOGGING | {"info", "debug", "sleep", "time", "monotonic", "now"}
"""Calls that do no work of the task."""
_ALL = frozenset({"Exception", "BaseException"})
_LEAVING = frozenset({form.RETURN, form.BREAK})


def is_endless(function: Function) -> bool:
    """Whether a coroutine is a `while` that is not left, whose work stands in a `try` that logs what fails.

    Between its turns the loop's timer holds it, and nothing that it raises is lost.
    """
    loops = [one for one in function.body if one[0] == form.WHILE]
    return len(loops) == 1 and _turns_on(loops[0]) and not any(_works(one) for one in function.body)


def _turns_on(loop: Statement) -> bool:
    test = loop[1][1][0] if loop[1][0] == form.OP and len(loop[1][1]) == 1 else loop[1]
    on = test[0] in (form.CONST, form.NUMBER, form.ATTR, form.ANY)
    return on and any(map(_tells, loop[2])) and not any(one[0] in _LEAVING for one in statements(loop[2]))


def _tells(statement: Statement) -> bool:
    """Whether a statement is a `try` that logs every error, and goes on."""
    if statement[0] != form.TRY:
        return False
    for caught, _, body, *_ in statement[2]:
        every = caught is None or any(word(part) in _ALL for part in parts(caught))
        if every and not any(one[0] == form.RAISE for one in body):
            return any(word(call[1]) in _LOGGING for call in _calls(body))
    return False


def _works(statement: Statement) -> bool:
    """Whether a statement calls anything of weight outside of such a `try`."""
    if _tells(statement):
        return False
    if any(word(call[1]) not in _QUIET for value in own(statement) for call in _within(value)):
        return True
    return any(_works(one) for body in bodies(statement) for one in body)


def _calls(body: Iterable[Statement]) -> Iterator[Expression]:
    for statement in statements(body):
        for value in own(statement):
            yield from _within(value)


def _within(value: Expression) -> Iterator[Expression]:
    return (part for part in parts(value) if part[0] == form.CALL)
