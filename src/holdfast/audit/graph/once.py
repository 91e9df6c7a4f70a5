"""What a function does once only, and what it does only where a memo of its own has no answer yet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from holdfast.audit.graph.program import statements
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function, Statement
from holdfast.audit.source.inside import bodies, own, parts, word

__all__ = ["diagnostic", "memoised", "once", "stored"]

_ASKING = frozenset({"get", "hasattr", "getattr", "isinstance", "len", "type", "id", "hasHandlers"})
"""Calls that look into a memo. Another one in a test says that what is kept grows old."""
_DEBUGGING = re.compile(
    r"(^|_)(debug(ging)?|profil(er|ing)|profile_(path|dir|file)|verbose|tracemalloc)(_|$)", re.IGNORECASE
)
"""Names of what is switched on to look for a fault."""
_MAKING_READY = re.compile(
    r"_*(ensure|init|initiali[sz]e|connect|load|setup|set_up|start|open|prepare|warm)(_|$)"
)
"""Names of methods that fill what an object holds."""
_THERE = frozenset({"exists", "is_file", "is_dir", "isfile", "isdir"})
_REMOVING = frozenset({"remove", "unlink", "rmtree", "rmdir", "open", "read_text", "read_bytes", "listdir"})
_PER_REQUEST = re.compile(
    r"user|email|token|request|session|message|query|prompt|url|text|path", re.IGNORECASE
)
"""Names of keys of which each request may bring another one: most of them find nothing."""


def once(function: Function) -> frozenset[int]:
    """Return the ids of the calls in branches that assign to a name which the function declares global."""
    names = _globals(function)
    if not names:
        return frozenset()
    return frozenset(
        id(call)
        for statement in statements(function.body)
        if statement[0] == form.BRANCH
        for body in statement[2]
        if any(one[0] == form.ASSIGN and one[1][0] == form.NAME and one[1][1] in names for one in body)
        for call in _calls(body)
    )


def memoised(function: Function, *, instances: bool, keyed: bool = False) -> frozenset[int]:
    """Return the ids of the calls that a function makes where its memo has no answer.

    A memo is a place that outlives the call and that the function fills: `made[name] = ...` on a miss, or
    behind `if found is not None: return found`. With `instances` what `self` holds is such a place, too: it
    is one only where `self` outlives the request. With `keyed` one counts whose keys requests bring. A logger
    with handlers is set up, and counts as filled.
    """
    return frozenset(map(id, _Memo(function, instances, keyed).behind(function.body)))


def stored(function: Function) -> frozenset[int]:
    """Return the ids of the calls that a function makes where a path does not lead to anything yet.

    They stand under a test of the path, or behind `if path.exists(): return`, and one is given the path.
    """
    return frozenset(map(id, _unless_there(function.body)))


def diagnostic(function: Function) -> frozenset[int]:
    """Return the ids of the calls that a function makes only where somebody looks for a fault in it."""
    return frozenset(
        id(call)
        for statement in statements(function.body)
        if statement[0] == form.BRANCH and any(_DEBUGGING.search(word(part)) for part in parts(statement[1]))
        for call in _calls(statement[2][0])
    )


def _unless_there(body: Iterable[Statement]) -> Iterator[Expression]:
    rest = list(body)
    while rest:
        statement = rest.pop(0)
        if statement[0] == form.BRANCH and len(statement[2]) == 2:
            there, missing = set(_looked_for(statement[1])), set(_looked_for(statement[1], missing=True))
            yield from _filling(statement[2][0], missing)
            yield from _filling(statement[2][1], there)
            if there and statement[2][0] and statement[2][0][-1][0] == form.RETURN:
                yield from _filling(rest, there)
                return
        for block in bodies(statement):
            yield from _unless_there(block)


def _looked_for(test: Expression, *, missing: bool = False) -> Iterator[Expression]:
    """Yield the paths that a test asks the disk for; those that are to be there, or those to be `missing`."""
    if test[0] in (form.OP, form.ANY):
        for part in test[1]:
            yield from _looked_for(part, missing=missing is not (test[0] == form.OP))
    elif not missing and test[0] == form.CALL and word(test[1]) in _THERE:
        yield test[2][0] if test[2] else test[1][1] if test[1][0] == form.ATTR else test


def _filling(block: Iterable[Statement], paths: set[Expression]) -> Iterator[Expression]:
    """Yield the calls of a block, where one of them makes something of one of `paths`."""
    found = list(_calls(block))
    makes = any(
        word(call[1]) not in _REMOVING and any(part in paths for part in parts(call)) for call in found
    )
    yield from found if makes else ()


class _Memo:
    """`_kept`: the places that the function fills. `_names`: local names that hold what is kept there."""

    def __init__(self, function: Function, instances: bool, keyed: bool) -> None:
        body = list(statements(function.body))
        me = {one.name for one in function.parameters[:1] if function.owner is not None}
        self._keyed = keyed
        self._me = next(iter(me), "") if instances else ""
        self._globals = _globals(function)
        self._local = {one.name for one in function.parameters} | set(_bound(body))
        self._local -= self._globals | (me if instances else me & {"cls"})
        self._kept = {place for one in body if (place := self._filled(one)) is not None}
        self._names = {
            one[1][1]
            for one in body
            if one[0] == form.ASSIGN and one[1][0] == form.NAME and one[1][1] in self._local
            if any(part in self._kept for part in parts(one[2]))
        }

    def behind(self, body: Iterable[Statement]) -> Iterator[Expression]:
        """Yield the calls in `body` that are made on a miss."""
        rest = list(body)
        while rest:
            statement = rest.pop(0)
            if statement[0] == form.BRANCH and self._asks(statement[1]):
                for block in statement[2]:
                    miss = self._is_miss(statement, block) or self._makes_ready(statement, block)
                    yield from _calls(block) if miss else ()
            if self._answers(statement) and (_sets_up(statement) or self._fills([statement, *rest])):
                inner = [one for handler in statement[2] for one in handler[2]] if _tries(statement) else []
                yield from _calls([*inner, *rest])
                return
            for block in bodies(statement):
                yield from self.behind(block)

    def _filled(self, statement: Statement) -> Expression | None:
        """Return the place that outlives the call which a statement fills."""
        if statement[0] != form.ASSIGN:
            return None
        target = statement[1]
        if target[0] == form.SUB:
            if not self._keyed and _PER_REQUEST.search(word(target[2])):
                return None
            target = target[1]
            if target[0] == form.NAME:
                return target if target[1] not in self._local else None
        if target[0] == form.ATTR and target[1][0] == form.NAME:
            return target if target[1][1] not in self._local else None
        return target if target[0] == form.NAME and target[1] in self._globals else None

    def _fills(self, body: Iterable[Statement]) -> bool:
        return any(self._filled(one) is not None for one in statements(body))

    def _is_miss(self, branch: Statement, block: Iterable[Statement]) -> bool:
        """Whether a block of a branch fills what the branch asked for, as far as its test is known.

        Of a comparison only attributes and calls are known, not names.
        """
        filled = {place for one in statements(block) if (place := self._filled(one)) is not None}
        asked = list(parts(branch[1]))
        if any(one[0] == form.ASSIGN and _is_of_app(one[1]) and one[1] in asked for one in statements(block)):
            return True
        names = {part[1] for part in asked if part[0] == form.TEXT}
        return any(
            place[0] == form.NAME or place in asked or place[2] in names or (self._names and len(asked) == 1)
            for place in filled
        )

    def _makes_ready(self, branch: Statement, block: Iterable[Statement]) -> bool:
        """Whether an object that outlives the call fills itself: `if self.pool is None: self.connect()`.

        A method that is called for nothing that it gives does so under any name.
        """
        me = (form.NAME, self._me)
        asked = any(part[0] == form.ATTR and part[1] == me for part in parts(branch[1]))
        alone = branch[1][0] == form.OP and len(branch[1][1]) == 1
        if asked and alone and any(_is_told(one, me) for one in block):
            return True
        return asked and any(
            call[1][0] == form.ATTR and call[1][1] == me and bool(_MAKING_READY.match(call[1][2]))
            for call in _calls(block)
        )

    def _asks(self, test: Expression) -> bool:
        """Whether a test does nothing but look into a memo."""
        return all(word(part[1]) in _ASKING for part in parts(test) if part[0] == form.CALL)

    def _answers(self, statement: Statement) -> bool:
        """Whether a statement returns what is kept, where something is."""
        if statement[0] == form.BRANCH:
            blocks = statement[2] if self._asks(statement[1]) else ()
        else:
            blocks = (statement[1],) if _tries(statement) else ()
        returned = [one[1] for block in blocks for one in block if one[0] == form.RETURN]
        return any(_sets_up(statement) or self._is_kept(part) for one in returned for part in parts(one))

    def _is_kept(self, part: Expression) -> bool:
        return part in self._kept or (part[0] == form.NAME and part[1] in self._names)


def _globals(function: Function) -> set[str]:
    return {name for one in statements(function.body) if one[0] == form.GLOBAL for name in one[1]}


def _bound(body: Iterable[Statement]) -> Iterator[str]:
    """Yield the names that statements assign to, loop over or enter."""
    for one in body:
        targets = [target for _, target in one[1] if target] if one[0] == form.WITH else [one[1]]
        if one[0] in (form.ASSIGN, form.ANNOTATE, form.FOR, form.WITH):
            simple = (target for target in targets if target[0] in (form.NAME, form.SEQ))
            yield from (part[1] for target in simple for part in parts(target) if part[0] == form.NAME)


def _calls(body: Iterable[Statement]) -> Iterator[Expression]:
    for statement in statements(body):
        for value in own(statement):
            yield from (part for part in parts(value) if part[0] == form.CALL)


def _is_of_app(place: Expression) -> bool:
    """Whether a place is an attribute of an app, or of its state: `request.app.picture`."""
    holder = place[1] if place[0] == form.ATTR else place
    if holder[0] == form.ATTR and holder[2] == "state":
        holder = holder[1]
    return bool(holder[0] == form.ATTR and holder[2] == "app")


def _is_told(statement: Statement, me: Expression) -> bool:
    """Whether a statement is a call of a method of `me`, and nothing else."""
    call = statement[1][1] if statement[0] == form.DO and statement[1][0] == form.AWAIT else statement[1]
    return bool(
        statement[0] == form.DO and call[0] == form.CALL and call[1][0] == form.ATTR and call[1][1] == me
    )


def _tries(statement: Statement) -> bool:
    return bool(statement[0] == form.TRY)


def _sets_up(statement: Statement) -> bool:
    """Whether a branch asks a logger for its handlers."""
    return statement[0] == form.BRANCH and any(
        word(part) in ("handlers", "hasHandlers") for part in parts(statement[1])
    )
