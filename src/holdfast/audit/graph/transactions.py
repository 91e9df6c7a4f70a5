"""Where a transaction is open: which calls write, which end it, and what else is called in between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.reach import Edge
from holdfast.audit.graph.sites import Site, sites
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement
from holdfast.audit.source.inside import own, parts, word

if TYPE_CHECKING:
    from holdfast.audit.whole import Whole

__all__ = ["Effects", "Transactions"]

Chain: TypeAlias = tuple[Edge, ...]

_ENDS = frozenset({"commit", "rollback", "close"})
_ASKS = ("execute", "scalar", "scalars", "exec")
_CHANGES = (
    *("sqlalchemy.update", "sqlalchemy.insert", "sqlalchemy.delete", "sqlmodel.update", "sqlmodel.delete"),
    *("sqlalchemy.dialects.postgresql.insert", "sqlalchemy.sql.update", "sqlalchemy.sql.expression.update"),
)
_SCOPES = ("begin", "transaction", "session", "connect", "atomic")
"""Words in the name of what a `with` enters that ends its transaction with the block."""


@dataclass(slots=True)
class Effects:
    """What a call of a function does to the transaction of its caller, as chains of edges; () for nothing.

    `open`: what it wrote and did not commit. `ends`: it commits or rolls back somewhere. `remote`: it calls
    another service. `between`: each call of another service while a write of its own was not committed, with
    that write.
    """

    open: Chain = ()
    ends: bool = False
    remote: Chain = ()
    between: list[tuple[Chain, Chain]] = field(default_factory=list)


class Transactions:
    """Follows writes, commits and calls in the order of the source."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole
        self._known: dict[FunctionKey, Effects] = {}

    def effects(self, key: FunctionKey) -> Effects:
        """Return what a call of the function does."""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Effects()  # what a recursion sees
            edges: dict[int, list[Edge]] = defaultdict(list)
            for edge in self._whole.reach.edges.get(key, ()):
                edges[id(edge.site.expression)].append(edge)
            _Walk(self, self._whole, key, edges, known).run()
        return known


class _Walk:
    def __init__(
        self,
        all_: Transactions,
        whole: Whole,
        key: FunctionKey,
        edges: dict[int, list[Edge]],
        effects: Effects,
    ) -> None:
        self._all, self._whole, self._key, self._edges, self._effects = all_, whole, key, edges, effects

    def run(self) -> None:
        opened, _ = self._block(self._whole.program.function(self._key).body, ())
        self._effects.open = opened

    def _block(self, body: Iterable[Statement], opened: Chain) -> tuple[Chain, bool]:
        """Return the open write after `body`, and whether the body always leaves."""
        for statement in body:
            tag = statement[0]
            for value in own(statement):
                opened = self._value(value, opened)
            if tag in (form.RETURN, form.RAISE, form.BREAK):
                return opened, True
            if tag == form.BRANCH:
                opened, left = self._branches(statement[2], opened)
                if left:
                    return opened, True
            elif tag == form.TRY:
                after, left = self._block(statement[1], opened)
                for handler in statement[2]:
                    self._block(handler[2], opened)
                opened, left_too = self._block(statement[3], after)
                if left or left_too:
                    return opened, True
            elif tag in (form.FOR, form.WHILE):
                opened, _ = self._block(statement[4] if tag == form.FOR else statement[2], opened)
            elif tag == form.WITH:
                inner, left = self._block(statement[3], opened)
                opened = opened if any(map(_is_scope, own(statement))) else inner
                if left:
                    return opened, True
        return opened, False

    def _branches(self, branches: Iterable[tuple[Statement, ...]], opened: Chain) -> tuple[Chain, bool]:
        """Return what is open behind alternatives: nothing where one of them ended it."""
        ends_before = self._effects.ends
        after: list[Chain] = []
        ended = False
        for branch in branches:
            self._effects.ends = False
            now, left = self._block(branch, opened)
            ended = ended or self._effects.ends
            ends_before = ends_before or self._effects.ends
            if not left:
                after.append(now)
        self._effects.ends = ends_before
        if not after:
            return opened, True
        return (() if ended and () in after else next(filter(None, after), ())), False

    def _value(self, value: Expression, opened: Chain) -> Chain:
        for site in sites(((form.DO, value, 0),)):
            if site.expression[0] == form.CALL and not site.entered:
                opened = self._call(site, opened)
        return opened

    def _call(self, site: Site, opened: Chain) -> Chain:
        call = site.expression
        if word(call[1]) in _ENDS and not call[2] and self._is_database(call):
            self._effects.ends = True
            return ()
        # Several edges of one call are alternatives: each begins with what was open before it.
        after = [self._edge(edge, site, opened) for edge in self._edges.get(id(call), ())]
        if not after or (opened and () in after):
            return opened if not after else ()
        return next(filter(None, after), ())

    def _edge(self, edge: Edge, site: Site, opened: Chain) -> Chain:
        if edge.callee is not None:
            return self._called(edge, site, opened)
        if edge.remote:
            self._remote((edge,), opened)
        elif edge.query and self._writes(edge.query, site.expression):
            return opened or (edge,)
        return opened

    def _called(self, edge: Edge, site: Site, opened: Chain) -> Chain:
        assert edge.callee is not None  # noqa: S101 - asked of such edges only
        if self._whole.program.function(edge.callee).asynchronous and not site.awaited:
            return opened  # it runs later, as a task
        theirs = self._all.effects(edge.callee)
        if theirs.ends:
            self._effects.ends = True
            return (edge, *theirs.open) if theirs.open else ()
        if theirs.remote:
            self._remote((edge, *theirs.remote), opened)
        return opened or ((edge, *theirs.open) if theirs.open else ())

    def _remote(self, chain: Chain, opened: Chain) -> None:
        if not self._effects.remote:
            self._effects.remote = chain
        if opened:
            self._effects.between.append((chain, opened))

    def _writes(self, path: str, call: Expression) -> bool:
        name = path.rpartition(".")[2]
        if name == "flush":
            return True
        return name in _ASKS and any(
            path.startswith(_CHANGES) or ".with_for_update" in path
            for argument in call[2][:1]
            for path in self._whole.named(argument, self._key)
        )

    def _is_database(self, call: Expression) -> bool:
        """Whether a commit, rollback or close may be a session's; of `close` the type has to say so."""
        if word(call[1]) != "close":
            return True
        return any("ession" in path or "onnection" in path for path in self._whole.named(call[1], self._key))


def _is_scope(value: Expression) -> bool:
    return any(
        part[0] == form.CALL and any(scope in word(part[1]).lower() for scope in _SCOPES)
        for part in _calls(value)
    )


def _calls(value: Expression) -> Iterator[Expression]:
    yield from (part for part in parts(value) if part[0] == form.CALL)
