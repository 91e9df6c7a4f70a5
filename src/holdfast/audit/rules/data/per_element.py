"""Which calls in the loops of a function are one lookup for each element, that one query could replace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.graph.program import statements
from holdfast.audit.rules.calls import calls_in
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement
from holdfast.audit.source.inside import own, parts, word

__all__ = ["doubtful", "is_batch", "is_work", "is_write"]

_WORKS = re.compile(
    r"_?(send|import|process|sync|run|upload|save|store|migrate|handle|notify|export|backup|restore|drop|pull|"
    r"publish|dispatch|generate|build|parse|ingest|apply|execute|log|audit|record|create|resync|close|remind|"
    r"check|validate|require|ensure|assert|authori[sz]e|verify|enforce|delete|remove|update|upsert|insert|replace|mark|set|add|open|assign|enable|disable|archive|"
    r"recalculate|request|cancel|expire|teardown|detach|attach|grant|revoke|move|copy|rebuild|refresh|find_\w+_and)"
    r"(?![a-z])"
)
"""How the names of functions begin that do a piece of work of which a query is a part."""
_WRITES = re.compile(
    r"_?(delete|remove|update|upsert|create|insert|add|save|store|write|send|upload|enqueue|notify|cancel|archive|"
    r"revoke|grant|claim|publish|process|sync|download|run|execute_task|kill|stop|start|restart)(?![a-z])"
)
"""How the names of functions begin that change something, here or elsewhere."""
_KINDS = re.compile(
    r"table|schema|provider|plugin|backend|adapter|handler|exporter|shard|tenant|role|setting|processor|chunk|batch|"
    r"activity|language|(^|_)(kind|type|flow|level|bucket|feature|page|query|queries|stmt|statement|sql)$",
    re.IGNORECASE,
)
"""Names of elements of which there are a few, each of another kind; that are many rows, or a query each."""
_PARTS = re.compile(r"chunk|batch|page|partition", re.IGNORECASE)
"""In the names of functions that give many elements at a time."""
_SETTINGS = re.compile(r"(?<!api)_keys$|(^|_)(settings|options|kinds|types|fields|columns|windows|steps)$")
"""In the names of what a program or its settings list, and no table of the service."""
_OWN = ((form.NAME, "self"), (form.NAME, "cls"))
_STATEMENT = re.compile(r"(^|_)(query|stmt|statement|sql)$")
_SCHEMA = ("Drop", "Create", "Add", "Set")
"""How statements that change a schema begin."""
_BATCHES = re.compile(
    r"_?(import|export|sync|resync|seed|init|initiali[sz]e|migrate|backfill|ensure|bootstrap|restore|backup|"
    r"reindex|rebuild|provision|pull|push|publish|scrape)(_|$)"
)
"""How the names of functions begin that work many things off, once in a while."""
_CHANGES = frozenset({"begin_nested", "flush", "commit", "add_all", "merge", "bulk_save_objects"})
"""Methods of a session in a loop that writes its elements, with what is asked for that."""
_STEPS = frozenset({"send", "process", "sync", "upload", "pull", "publish", "ingest"})
"""First words of what a loop does besides, when it works its elements off."""


def is_work(name: str) -> bool:
    """Whether a function of this name does a piece of work, rather than look a row up."""
    return _WORKS.match(name) is not None


def is_write(name: str) -> bool:
    """Whether a function of this name changes something."""
    return _WRITES.match(name) is not None


def is_batch(name: str) -> bool:
    """Whether a function of this name works many things off, once in a while."""
    return _BATCHES.match(name) is not None


def doubtful(body: tuple[Statement, ...]) -> Iterator[int]:
    """Yield the ids of the calls in loops that are not, or may not be, such lookups.

    A loop that is left early asks until it has found. A loop over constants, or over things of several kinds,
    has few turns, and one that sends or processes works its elements off. A branch that notes its answer asks
    once for each key, one that sets a name of before the loop asks once at all, and what handles a failure
    rarely. What a loop asks of its own elements, of a schema, or with many rows at a time is no lookup, and a
    savepoint, or a `try`, for each element is there to let one fail alone.
    """
    for statement in statements(body):
        if statement[0] == form.FOR:
            yield from _in_loop(statement)
            yield from _once(statement, body)
        elif statement[0] == form.TRY:
            for handler in statement[2]:
                yield from map(id, calls_in(handler[2]))
        for value in own(statement):
            for part in parts(value):
                if part[0] == form.COMP and any(_is_kinds(target, over) for target, over, _, _ in part[3]):
                    yield from (id(one) for one in parts(part[2]) if one[0] == form.CALL)


def _in_loop(loop: Statement) -> Iterator[int]:
    inside = list(calls_in(loop[4]))
    inner = list(statements(loop[4]))
    left = any(one[0] in (form.RETURN, form.BREAK) for one in inner)
    saved = any(_is_change(call) for call in inside)
    if left or saved or _is_kinds(loop[1], loop[2]) or any(map(_is_step, inside)):
        yield from map(id, inside)
    yield from (id(call) for call in inside if _is_other(call, loop[1]))
    for one in inner:
        if one[0] == form.TRY and one[2]:
            yield from map(id, calls_in((*one[1], *one[3])))  # each by itself may fail
        if one[0] == form.BRANCH and one[1][0] == form.OP:
            for block in one[2]:
                if any(each[0] == form.ASSIGN and each[1][0] == form.SUB for each in block):
                    yield from map(id, calls_in(block))


def _once(loop: Statement, body: tuple[Statement, ...]) -> Iterator[int]:
    """Yield the calls of branches that set what was set before the loop: `if user is None: user = load()`."""
    inside = set(map(id, statements(loop[4])))
    before = set().union(*(_set(one) for one in statements(body) if id(one) not in inside))
    for one in statements(loop[4]):
        if one[0] == form.BRANCH and one[1][0] in (form.OP, form.NAME):
            for block in one[2]:
                if any(_set(each) & before for each in block):
                    yield from map(id, calls_in(block))


def _set(statement: Statement) -> set[str]:
    """Return the name that a statement sets."""
    assigns = statement[0] in (form.ASSIGN, form.ANNOTATE) and statement[1][0] == form.NAME
    return {statement[1][1]} if assigns else set()


def _is_kinds(element: Expression, over: Expression) -> bool:
    """Whether a loop goes over constants, over what `self` was made with, or over things of several kinds."""
    if word(over).isupper() or (over[0] == form.ATTR and over[1] in _OWN):
        return True
    if _SETTINGS.search(word(over)) or (over[0] == form.CALL and _PARTS.search(word(over[1]))):
        return True
    return any(part[0] == form.NAME and _KINDS.search(part[1]) for part in parts(element))


def _is_change(call: Expression) -> bool:
    """Whether a call writes the element of a turn, or says how."""
    if call[1][0] == form.ATTR:
        return call[1][2] in _CHANGES
    return call[1][0] == form.NAME and call[1][1] in ("insert", "update", "delete")


def _is_step(call: Expression) -> bool:
    return word(call[1]).lstrip("_").partition("_")[0] in _STEPS


def _is_other(call: Expression, element: Expression) -> bool:
    """Whether a call is a method of the element, of a function handed in, of a schema, or of many rows."""
    if any(one[0] == form.ATTR and _STATEMENT.search(one[2]) for one in call[2]):
        return True  # of its own, that no other element has
    if call[1][0] != form.ATTR:
        return word(call[1]) in ("func", "fn", "function", "callback")
    statement = call[2][0] if call[2] else call
    made = word(statement[1]) if statement[0] == form.CALL else ""
    return bool(
        call[1][1] == element
        or (statement is not call and made.startswith(_SCHEMA))
        or made == "values"  # each row's own, as `update(...).where(...).values(...)` has them
        or (made in ("insert", "delete") and (len(call[2]) > 1 or statement[1][0] == form.ATTR))
    )
