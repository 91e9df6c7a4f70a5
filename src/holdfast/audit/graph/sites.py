"""Where in a function something happens: calls, attributes that may be computed, contexts entered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement
from holdfast.audit.source.inside import own, parts, word

__all__ = ["Kind", "Site", "sites"]

Kind: TypeAlias = tuple[Expression, Expression, bool]
"""Something, its type, and whether it is or is not of that: what `isinstance` says there."""


@dataclass(frozen=True, slots=True)
class Site:
    """`expression` is a CALL, or an ATTR that is read, or what a `with` enters (`entered`).

    `over`: what the innermost `for` around it goes over, None outside of one; a `while` does not count, since
    it polls and pages more often than it walks. `awaited`: directly behind `await`. `iterated`: what a loop
    goes over, or what is given to something that does. `apart`: given to something that runs coroutines on
    another loop. `kinds`: the tests of types that it stands under.
    """

    expression: Expression
    line: int
    column: int
    over: Expression | None = None
    awaited: bool = False
    iterated: bool = False
    entered: str = ""
    apart: bool = False
    kinds: tuple[Kind, ...] = ()


def sites(body: Iterable[Statement]) -> Iterator[Site]:
    """Yield the sites of a function's body; those of functions defined in it are theirs."""
    return _Walk().block(body, None)


Over: TypeAlias = "Expression | None"


class _Walk:
    __slots__ = ("_apart", "_kinds", "_line")

    def __init__(self) -> None:
        self._line = 0
        self._apart = False
        self._kinds: tuple[Kind, ...] = ()

    def block(self, body: Iterable[Statement], over: Over) -> Iterator[Site]:
        kinds = self._kinds
        for statement in body:
            tag = statement[0]
            self._line = statement[-1]
            if tag == form.ASSIGN:
                yield from self.value(statement[2], over)
                yield from self.target(statement[1], over)
            elif tag == form.ANNOTATE:
                if statement[3] is not None:
                    yield from self.value(statement[3], over)
            elif tag in (form.DO, form.RETURN):
                yield from self.value(statement[1], over)
            elif tag == form.RAISE:
                if statement[1] is not None:
                    yield from self.value(statement[1], over)
            elif tag == form.FOR:
                yield from self.value(statement[2], over, iterated=True)
                yield from self.block(statement[4], statement[2])
            elif tag == form.WHILE:
                yield from self.value(statement[1], over)
                yield from self.block(statement[2], over)
            elif tag == form.WITH:
                for value, _ in statement[1]:
                    yield from self.value(value, over)
                    kind = "async" if statement[2] else "sync"
                    yield Site(value, self._line, 0, over, entered=kind, kinds=self._kinds)
                yield from self.block(statement[3], over)
            elif tag == form.TRY:
                yield from self.block(statement[1], over)
                for handler in statement[2]:
                    if not _is_off_loop(statement[1], handler):
                        yield from self.block(handler[2], over)
                yield from self.block(statement[3], over)
            elif tag == form.BRANCH:
                yield from self._branch(statement, over)
        self._kinds = kinds

    def _branch(self, statement: Statement, over: Over) -> Iterator[Site]:
        yield from self.value(statement[1], over)
        outer, kind = self._kinds, _kind(statement[1])
        for number, body in enumerate(statement[2]):
            if kind is not None:
                self._kinds = (*outer, (*kind[:2], kind[2] is (number == 0)))
            yield from self.block(body, over)
        self._kinds = outer
        if kind is not None and statement[2][0] and statement[2][0][-1][0] in _LEAVING:
            self._kinds = (*outer, (*kind[:2], not kind[2]))

    def target(self, target: Expression, over: Over) -> Iterator[Site]:
        if target[0] == form.SUB:
            yield from self.value(target[1], over)
            yield from self.value(target[2], over)
        elif target[0] == form.ATTR:
            yield from self.value(target[1], over)

    def value(
        self, value: Expression, over: Over, *, awaited: bool = False, iterated: bool = False
    ) -> Iterator[Site]:
        tag = value[0]
        if tag == form.CALL:
            yield from self._call(value, over, awaited, iterated)
        elif tag == form.AWAIT:
            yield from self.value(value[1], over, awaited=True)
        elif tag == form.ATTR:
            yield from self.value(value[1], over)
            yield Site(value, self._line, 0, over, kinds=self._kinds)
        elif tag == form.YIELD:
            yield from self.value(value[1], over, iterated=iterated)
        elif tag == form.COMP:
            inner = value[3][0][1] if value[3] else over
            for _, iterable, tests, asynchronous in value[3]:
                yield from self.value(iterable, over, awaited=asynchronous, iterated=True)
                for test in tests:
                    yield from self.value(test, inner)
            yield from self.value(value[2], inner)
        elif tag == form.SUB:
            yield from self.value(value[1], over)
            yield from self.value(value[2], over)
        elif tag in (form.SEQ, form.DICT):
            for part in value[1:]:
                if isinstance(part, tuple):
                    for one in part:
                        yield from self.value(one, over)
        elif tag in (form.ANY, form.OP):
            for one in value[1]:
                yield from self.value(one, over, awaited=awaited, iterated=iterated)
        elif tag == form.WALRUS:
            yield from self.value(value[2], over, awaited=awaited)
        elif tag == form.OR:
            yield from self.value(value[1], over)
            yield from self.value(value[2], over)

    def _call(self, call: Expression, over: Over, awaited: bool, iterated: bool) -> Iterator[Site]:
        func = call[1]
        if func[0] == form.ATTR:
            yield from self.value(func[1], over)
        else:
            yield from self.value(func, over)
        consumes = func[0] == form.NAME and func[1] in _CONSUMERS
        apart = self._apart
        self._apart = apart or _runs_apart(func)
        for argument in call[2]:
            yield from self.value(argument, over, iterated=consumes)
        for _, argument in call[3]:
            yield from self.value(argument, over)
        self._apart = apart
        yield Site(call, call[4], call[5], over, awaited, iterated, apart=apart, kinds=self._kinds)


_LEAVING = frozenset({form.RETURN, form.RAISE})
_APART = frozenset({"run_until_complete", "run_coroutine_threadsafe", "Thread", "submit"})
_LOOPS = frozenset({"asyncio", "uvloop", "anyio", "trio"})


def _runs_apart(func: Expression) -> bool:
    """Whether what is called runs coroutines on another loop: in a running one it would raise."""
    if func[0] == form.ATTR and func[2] == "run":
        return bool(func[1][0] == form.NAME and func[1][1] in _LOOPS)
    return func[0] in (form.NAME, form.ATTR) and func[-1] in _APART


def _is_off_loop(tried: Iterable[Statement], handler: Expression) -> bool:
    """Whether a handler is for the error of asking for a running loop where none is."""
    asks = any(
        part[0] == form.CALL and word(part[1]) in ("get_running_loop", "current_task")
        for statement in tried
        for value in own(statement)
        for part in parts(value)
    )
    return asks and handler[0] is not None and any(word(one) == "RuntimeError" for one in parts(handler[0]))


def _kind(test: Expression) -> Kind | None:
    """Return what a test says of a type; None where it tests something else."""
    holds = test[0] != form.OP
    inner = test if holds else test[1][0] if len(test[1]) == 1 else test
    if inner[0] != form.CALL or inner[1] != (form.NAME, "isinstance") or len(inner[2]) != 2:
        return None
    return inner[2][0], inner[2][1], holds


_CONSUMERS = frozenset(
    {"list", "tuple", "set", "frozenset", "dict", "sum", "min", "max", "any", "all", "sorted", "next", "join"}
)
"""Built-in functions that iterate over what they are given, at once."""
