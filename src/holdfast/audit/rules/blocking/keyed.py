"""One row by its primary key, from a database in this process: SQLite answers in tens of microseconds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain as joined

from holdfast.audit.beside import is_beside
from holdfast.audit.graph import value as v
from holdfast.audit.graph.infer import Inference
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.reach import Edge
from holdfast.audit.graph.sites import sites
from holdfast.audit.rules.calls import keyword
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import word
from holdfast.audit.whole import Whole

__all__ = ["is_one_row_at_hand"]

_KEYS = frozenset({"id", "pk", "rowid"})
_PEEWEE, _SQLALCHEMY, _SQLITE = "peewee.", "sqlalchemy.", "sqlite3."
_BY_KEY = frozenset({"get_by_id", "get_one"})
_EMBEDDED = re.compile(r"(C?Sqlite|SqlCipher|APSW)\w*Database$", re.IGNORECASE)
_NETWORKED = re.compile(r"(Postgres|Psycopg|MySQL|MariaDB|Cockroach)\w*Database$|^db_url$", re.IGNORECASE)
"""Databases of peewee, as they are named; `playhouse.db_url` opens any."""
_SELECT = re.compile(
    r"\s*select\b[^;]*\bwhere\s+(\w+\.)?(id|rowid)\s*=\s*(\?|:\w+|%s)\s*(limit\s+1)?\s*;?\s*", re.IGNORECASE
)


def is_one_row_at_hand(whole: Whole, way: Sequence[Edge]) -> bool:
    """Whether `way`, outside of loops, ends with a query for one row by its key in an embedded database."""
    sink, call = way[-1].sink, way[-1].site.expression
    if sink is None or sink.kind != "database" or call[0] != form.CALL:
        return False
    if any(edge.site.over is not None for edge in way) or not _is_by_key(
        whole, way[-1].caller, sink.path, call
    ):
        return False
    if sink.path.startswith(_SQLITE):
        return True
    inference = whole.inference
    found: frozenset[str] = inference.queries.ask(("embedded databases",), _embedded, inference)
    return any(sink.path.startswith(library) for library in found)


def _is_by_key(whole: Whole, caller: FunctionKey, path: str, call: Expression) -> bool:
    name = path.rpartition(".")[2]
    if path.startswith(_SQLITE):
        written = call[2][0] if call[2] else call
        return name == "execute" and written[0] == form.TEXT and _SELECT.fullmatch(written[1]) is not None
    if name in _BY_KEY:
        return True
    if path.startswith(_SQLALCHEMY):
        return name == "get"  # of a session or a query: by the key only
    if name not in ("get", "get_or_none") or call[1][0] != form.ATTR:
        return False
    if any(keyword(call, key) is not None for key in _KEYS):
        return True
    return any(_compares_key(whole, caller, call[1][1], one) for one in call[2])


def _compares_key(whole: Whole, caller: FunctionKey, model: Expression, condition: Expression) -> bool:
    """Whether a condition is, or begins with, one on the key: `Order.id == id`."""
    if condition[0] != form.OP or not condition[1]:
        return False
    column = condition[1][0]
    if column[0] != form.ATTR or column[1] != model:
        return False
    return column[2] in _KEYS or any(
        _is_key(whole, (one[1], one[2]), column[2])
        for one in whole.inference.values(model, Place(*caller))
        if one[0] == v.CLASS
    )


def _is_key(whole: Whole, model: tuple[int, int], name: str) -> bool:
    fields = whole.program.class_scope(model).values.get(name, ())
    return any(one[0] == form.CALL and keyword(one, "primary_key") == (form.CONST, True) for one in fields)


def _embedded(inference: Inference) -> frozenset[str]:
    """Return the libraries whose databases are all embedded, as far as the program says which they are."""
    found: set[str] = set()
    names = set(_imported(inference))
    if any(map(_EMBEDDED.match, names)) and not any(map(_NETWORKED.match, names)):
        found.add(_PEEWEE)
    engines = list(_engines(inference))
    if engines and all(engines):
        found.add(_SQLALCHEMY)
    return frozenset(found)


def _modules(inference: Inference) -> Iterator[int]:
    paths = enumerate(inference.program.paths)
    return (number for number, path in paths if not is_beside(path))


def _imported(inference: Inference) -> Iterator[str]:
    for number in _modules(inference):
        inference.reads(number)
        module = inference.program.modules[number]
        tops = (each for path in module.imports.values() for each in path.split(".")[-2:])
        yield from joined(tops, (word(base) for one in module.classes for base in one.bases))


def _engines(inference: Inference) -> Iterator[bool]:
    """Yield for each engine of SQLAlchemy that is made whether its address is one of SQLite."""
    for number in _modules(inference):
        inference.reads(number, inside=True)
        module = inference.program.modules[number]
        for index, body in [(None, module.body), *((one.index, one.body) for one in module.functions)]:
            for site in sites(body):
                call = site.expression
                if call[0] == form.CALL and word(call[1]) in ("create_engine", "engine_from_config"):
                    given = [*call[2][:1], *(value for name, value in call[3] if name == "url")]
                    known = [one for each in given for one in inference.values(each, Place(number, index))]
                    texts = [one[1] for one in known if one[0] == v.TEXT]
                    yield bool(texts) and all(one.startswith("sqlite") for one in texts)
