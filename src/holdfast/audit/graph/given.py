"""What a function leaves out because of its arguments: `if audit: write(audit)`, `rows = rows or load()`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from holdfast.audit.graph.program import statements
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function, Statement
from holdfast.audit.source.inside import bodies, own, parts

__all__ = ["given", "is_skipped", "is_spared"]

_OFF = ((form.CONST, None), (form.CONST, False))
_ON = (form.CONST, True)


def is_spared(function: Function, call: Expression, asked: Expression) -> bool:
    """Whether `call` brings what `function` would get by another call, `asked`, for want of it."""
    brought = given(function, call)
    optional = {
        one.name for one in function.parameters if one.default == (form.CONST, None) and one.name in brought
    }
    optional |= {
        one[1][1]
        for one in statements(function.body)
        if one[0] == form.ASSIGN and one[1][0] == form.NAME == one[2][0] and one[2][1] in optional
    }
    return bool(optional) and any(
        any(part is asked for part in parts(value))
        and not optional.isdisjoint(_alternatives(statement, value))
        for statement in statements(function.body)
        for value in own(statement)
    )


def is_skipped(function: Function, call: Expression, asked: Expression) -> bool:
    """Whether `function`, run by `call`, does not come to `asked`, because of an argument that is off or on.

    It does where it stands under a test of the argument alone, or under any test and is made with it; and
    behind `if cached: return`.
    """
    if any(name is None for name, _ in call[3]) or any(one[0] == form.OP for one in call[2]):
        return False  # `*rest` or `**rest` may bring anything
    brought = given(function, call)
    values = {one.name: brought.get(one.name, one.default) for one in function.parameters}
    off = {name for name, value in values.items() if value in _OFF}
    on = {name for name, value in values.items() if value == _ON}
    if on and _is_left(function.body, on, asked):
        return True
    made_with = {part[1] for part in parts(asked) if part[0] == form.NAME} & off
    return bool(off) and any(
        made_with or (test[0] == form.NAME and test[1] in off) for test in _tests(function.body, asked)
    )


def given(function: Function, call: Expression) -> dict[str, Expression]:
    """Return the arguments of `call` by the names of the parameters; none for a property."""
    if call[0] != form.CALL:
        return {}
    names = [one.name for one in function.parameters if one.kind == "positional"]
    bound = names[1:] if function.owner is not None else names
    return {**dict(zip(bound, call[2], strict=False)), **{name: value for name, value in call[3] if name}}


def _alternatives(statement: Statement, value: Expression) -> Iterator[str]:
    """Yield the names of which a statement uses one, or something else in its place."""
    if statement[0] == form.ASSIGN and statement[1][0] == form.NAME:
        yield statement[1][1]
    for part in parts(value):
        if part[0] == form.ANY:
            yield from (one[1] for one in part[1] if one[0] == form.NAME)


def _tests(body: Iterable[Statement], asked: Expression) -> Iterator[Expression]:
    """Yield the tests that `asked` stands under: of branches, and of `a and b`, as far as they are known."""
    for statement in statements(body):
        if statement[0] == form.BRANCH and _holds(statement[2][0], asked):
            yield statement[1]
        for value in own(statement):
            for part in parts(value):
                if part[0] == form.ANY and any(inner is asked for inner in parts(part)):
                    yield part[1][0]


def _is_left(body: Iterable[Statement], on: Collection[str], asked: Expression) -> bool:
    """Whether a body is left, for a name that is `on`, before it comes to `asked`."""
    rest = list(body)
    while rest:
        statement = rest.pop(0)
        if statement[0] == form.BRANCH and statement[1][0] == form.NAME and statement[1][1] in on:
            if len(statement[2]) == 2 and _holds(statement[2][1], asked):
                return True
            if statement[2][0] and statement[2][0][-1][0] == form.RETURN:
                return _holds(rest, asked)
        if any(_is_left(inner, on, asked) for inner in bodies(statement)):
            return True
    return False


def _holds(body: Iterable[Statement], asked: Expression) -> bool:
    return any(
        part is asked for statement in statements(body) for value in own(statement) for part in parts(value)
    )
