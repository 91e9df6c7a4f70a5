"""The tables of a program: what its SQLAlchemy and SQLModel classes say of columns, indexes and relations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from holdfast.audit.graph import value as v
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import ClassKey, FunctionKey
from holdfast.audit.rules.calls import calls_in, keyword
from holdfast.audit.rules.data.indexes import in_indexes
from holdfast.audit.source import form
from holdfast.audit.source.form import Class, Expression, Statement
from holdfast.audit.source.inside import own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["Column", "Relation", "Table", "Tables"]

_COLUMNS = frozenset({"Column", "mapped_column", "Field"})
_RELATIONS = frozenset({"relationship", "Relationship", "relation"})
_FALSE = ((form.CONST, False), (form.CONST, None))
_PLAIN = frozenset(
    {
        *("int", "str", "float", "bool", "bytes", "dict", "list", "datetime", "date", "time", "timedelta"),
        *("Decimal", "UUID", "Optional", "Union", "Any", "Dict", "List", "EmailStr", "UUID4"),
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """`kinds` are the words of its type: {"str"}, {"String"}; `indexed` is by itself, or as a key."""

    name: str
    line: int
    indexed: bool
    foreign: bool
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Relation:
    """`lazy` is how it is loaded: "select", SQLAlchemy's default, when it is read. `targets`: the names in
    its type, among them the class of the other side."""

    name: str
    line: int
    lazy: str
    targets: frozenset[str] = frozenset()


@dataclass(slots=True)
class Table:
    """A class of rows, with what it inherits. `stored` is the table's name in the database, "" if unknown."""

    key: ClassKey
    name: str
    stored: str = ""
    columns: dict[str, Column] = field(default_factory=dict)
    relations: dict[str, Relation] = field(default_factory=dict)


class Tables:
    """Reads the classes of a program as tables, each when it is asked for."""

    def __init__(self, whole: Whole) -> None:
        self._whole = whole
        self._known: dict[ClassKey, Table | None] = {}

    def of(self, key: ClassKey) -> Table | None:
        """Return a class as a table; None for one that is none."""
        if key not in self._known:
            self._known[key] = self._read(key)
        return self._known[key]

    def named(self, expression: Expression, where: FunctionKey) -> Table | None:
        """Return the table whose class an expression names; None where it names none, or several."""
        found = [one for one in self._whole.inference.values(expression, Place(*where)) if one[0] == v.CLASS]
        return self.of((found[0][1], found[0][2])) if len(found) == 1 else None

    def _read(self, key: ClassKey) -> Table | None:
        program = self._whole.program
        table = Table(key, program.class_(key).name)
        is_table = False
        together: set[str] = set()
        for at in self._whole.inference.family.lineage(key):
            found = program.class_(at)
            mapped = any(name == "table" and value == (form.CONST, True) for name, value in found.keywords)
            is_table = is_table or mapped or any(map(_is_mapped, found.body))
            for statement in found.body:
                self._attribute(table, statement, at[0])
                together |= set(in_indexes(own(statement)))
            together |= set(self._arguments(found, at[0]))
        if not is_table:
            return None
        for name in together & table.columns.keys():
            known = table.columns[name]
            table.columns[name] = Column(name, known.line, True, known.foreign, known.kinds)
        return table

    def _attribute(self, table: Table, statement: Statement, module: int) -> None:
        annotation, target = None, statement[1]
        if statement[0] == form.ASSIGN:
            value = statement[2]
        elif statement[0] == form.ANNOTATE:
            annotation, value = statement[2], statement[3]
        else:
            return
        if target[0] != form.NAME or target[1] in table.columns or target[1] in table.relations:
            return
        if target[1] == "__tablename__" and value is not None and value[0] == form.TEXT:
            table.stored = table.stored or value[1]
        made = word(value[1]) if value is not None and value[0] == form.CALL else ""
        if made in _RELATIONS:
            table.relations[target[1]] = Relation(
                target[1], statement[-1], _lazy(value), _words(annotation, *value[2][:1])
            )
        elif made in _COLUMNS or (value is None and annotation is not None):
            table.columns[target[1]] = self._column(target[1], statement[-1], value, annotation, module)

    def _column(
        self, name: str, line: int, value: Expression | None, annotation: Expression | None, module: int
    ) -> Column:
        inside = list(parts(value)) if value is not None else []
        if annotation is not None:
            for part in parts(annotation):
                # A type of the program's own may hold the whole column: `Annotated[int, mapped_column(...)]`.
                if part[0] == form.NAME and part[1] not in _PLAIN:
                    inside.extend(self._alias(part[1], module))
        made = [part for part in inside if part[0] == form.CALL]
        options = [(each, given) for call in made for each, given in call[3]]
        typed = list(parts(annotation)) if annotation is not None else []
        return Column(
            name,
            line,
            any(
                each in ("primary_key", "index", "unique") and given not in _FALSE for each, given in options
            ),
            any(word(call[1]) == "ForeignKey" for call in made)
            or any(o[0] == "foreign_key" for o in options),
            frozenset(filter(None, map(word, (*typed, *inside, *(call[1] for call in made))))),
        )

    def _alias(self, name: str, module: int) -> Iterator[Expression]:
        program = self._whole.program
        for number in (module, *(one[1] for one in self._origin(name, module))):
            for value in program.top[number].values.get(name, ()):
                yield from parts(value)

    def _origin(self, name: str, module: int) -> Iterator[tuple[str, int]]:
        path = self._whole.program.top[module].imports.get(name)
        if path is not None:
            folder = path.rpartition(".")[0] if path.strip(".") else path
            for one in self._whole.inference.names.imported(module, folder):
                if one[0] == v.MODULE:
                    yield name, one[1]

    def _arguments(self, found: Class, module: int) -> Iterator[str]:
        """Yield the columns of the indexes in `__table_args__`, where that is a method."""
        index = found.functions.get("__table_args__")
        if index is not None:
            yield from in_indexes(calls_in(self._whole.program.modules[module].functions[index].body))


def _is_mapped(statement: Statement) -> bool:
    value = (
        statement[2]
        if statement[0] == form.ASSIGN
        else statement[3]
        if statement[0] == form.ANNOTATE
        else None
    )
    return value is not None and value[0] == form.CALL and word(value[1]) in ("Column", "mapped_column")


def _words(*values: Expression | None) -> frozenset[str]:
    inside = [part for value in values if value is not None for part in parts(value)]
    return frozenset(part[1] if part[0] == form.TEXT else word(part) for part in inside)


def _lazy(call: Expression) -> str:
    given = keyword(call, "lazy")
    if given is None:
        nested = keyword(call, "sa_relationship_kwargs")
        if nested is not None and nested[0] == form.DICT:
            given = dict(zip(nested[1], nested[2], strict=True)).get((form.TEXT, "lazy"))
        elif nested is not None or any(name is None for name, _ in call[3]):
            return ""
    if given is None or given == (form.CONST, True):
        return "select"
    return str(given[1]) if given[0] == form.TEXT else ""
