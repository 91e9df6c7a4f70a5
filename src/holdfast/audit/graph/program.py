"""The whole program: its modules, what each name in them is bound to, and who inherits from whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from holdfast.audit.graph.finder import Finder
from holdfast.audit.source import form
from holdfast.audit.source.form import Class, Expression, Function, Module, Statement

__all__ = ["Bindings", "ClassKey", "FunctionKey", "Program", "bindings", "statements"]

_PUTTING = frozenset({"append", "add", "appendleft", "put_nowait"})
"""Methods that put something into what holds it."""

FunctionKey = tuple[int, int]
ClassKey = tuple[int, int]


@dataclass(slots=True)
class Bindings:
    """What the names of one scope are bound to, in the order of the source.

    `values`: expressions assigned to a name. `elements`: those put into what the name holds (`d[k] = v`,
    `d.append(v)`). `unpacked`: (value, position in the target, or None for an element of it).
    `annotations`, `functions`, `classes` and `imports` as they stand there.
    """

    values: dict[str, list[Expression]] = field(default_factory=lambda: defaultdict(list))
    elements: dict[str, list[Expression]] = field(default_factory=lambda: defaultdict(list))
    iterated: dict[str, list[tuple[Expression, tuple[int, ...]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    unpacked: dict[str, list[tuple[Expression, tuple[int, ...]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    entered: dict[str, list[tuple[Expression, bool]]] = field(default_factory=lambda: defaultdict(list))
    annotations: dict[str, Expression] = field(default_factory=dict)
    functions: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    classes: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    imports: dict[str, str] = field(default_factory=dict)
    outer: set[str] = field(default_factory=set)
    _names: frozenset[str] | None = None

    def binds(self, name: str) -> bool:
        """Whether `name` belongs to this scope; to be asked when all of it was read."""
        if name in self.outer:
            return False
        if self._names is None:
            tables = (self.values, self.iterated, self.unpacked, self.entered, self.annotations)
            self._names = frozenset(chain(*tables, self.functions, self.classes, self.imports))
        return name in self._names


def statements(body: Iterable[Statement]) -> Iterator[Statement]:
    """Yield the statements of a body, those in its branches and loops included."""
    for statement in body:
        yield statement
        tag = statement[0]
        if tag == form.FOR:
            yield from statements(statement[4])
        elif tag == form.WHILE:
            yield from statements(statement[2])
        elif tag == form.WITH:
            yield from statements(statement[3])
        elif tag == form.TRY:
            yield from statements(statement[1])
            for handler in statement[2]:
                yield from statements(handler[2])
            yield from statements(statement[3])
        elif tag == form.BRANCH:
            for branch in statement[2]:
                yield from statements(branch)


def bindings(module: Module, body: Sequence[Statement]) -> Bindings:
    """Return what the statements of `body` bind."""
    found = Bindings()
    for statement in statements(body):
        tag = statement[0]
        if tag == form.ASSIGN:
            _bind(found, statement[1], statement[2])
        elif tag == form.ANNOTATE:
            target = statement[1]
            if target[0] == form.NAME:
                found.annotations.setdefault(target[1], statement[2])
            if statement[3] is not None:
                _bind(found, target, statement[3])
        elif tag == form.FOR:
            _iterate(found, statement[1], statement[2], ())
        elif tag == form.WITH:
            for value, target in statement[1]:
                if target is not None and target[0] == form.NAME:
                    found.entered[target[1]].append((value, statement[2]))
        elif tag == form.DEFINE:
            kind, index = statement[1], statement[2]
            if kind == "function":
                found.functions[module.functions[index].name].append(index)
            else:
                found.classes[module.classes[index].name].append(index)
        elif tag == form.IMPORT:
            found.imports[statement[1]] = statement[2]
        elif tag == form.GLOBAL:
            found.outer.update(statement[1])
        for value in _values_of(statement):
            _within(found, value)
    return found


def _values_of(statement: Statement) -> Iterator[Expression]:
    tag = statement[0]
    if tag in (form.DO, form.RETURN, form.WHILE, form.BRANCH):
        yield statement[1]
    elif tag in (form.ASSIGN, form.FOR):
        yield statement[2]
    elif tag == form.WITH:
        for value, _ in statement[1]:
            yield value


def _within(found: Bindings, value: Expression) -> None:
    """Note what an expression binds on its way: `:=`, the targets of comprehensions, `d.append(v)`."""
    tag = value[0]
    if tag == form.WALRUS:
        found.values[value[1]].append(value[2])
        _within(found, value[2])
    elif tag == form.COMP:
        # Their names live in the comprehension only; kept with the others, they are found there too.
        for target, iterable, tests, _ in value[3]:
            _iterate(found, target, iterable, ())
            _within(found, iterable)
            for test in tests:
                _within(found, test)
        _within(found, value[2])
    elif tag == form.CALL:
        func = value[1]
        if func[0] == form.ATTR and func[2] in _PUTTING and func[1][0] == form.NAME and value[2]:
            found.elements[func[1][1]].append(value[2][0])
        _within(found, func)
        for argument in value[2]:
            _within(found, argument)
        for _, argument in value[3]:
            _within(found, argument)
    elif tag in (form.OP, form.ANY):
        for child in value[1]:
            _within(found, child)
    elif tag in (form.AWAIT, form.YIELD, form.ATTR):
        _within(found, value[1])
    elif tag == form.SEQ:
        for child in value[2]:
            _within(found, child)
    elif tag == form.DICT:
        for child in (*value[1], *value[2]):
            _within(found, child)


def _bind(found: Bindings, target: Expression, value: Expression) -> None:
    tag = target[0]
    if tag == form.NAME:
        found.values[target[1]].append(value)
    elif tag == form.SUB and target[1][0] == form.NAME:
        found.elements[target[1][1]].append(value)
    elif tag == form.SEQ:
        items = value[2] if value[0] == form.SEQ and len(value[2]) == len(target[2]) else None
        for position, part in enumerate(target[2]):
            if items is not None:
                _bind(found, part, items[position])
            elif part[0] == form.NAME:
                found.unpacked[part[1]].append((value, (position,)))


def _iterate(found: Bindings, target: Expression, iterable: Expression, path: tuple[int, ...]) -> None:
    if target[0] == form.NAME:
        found.iterated[target[1]].append((iterable, path))
    elif target[0] == form.SEQ:
        for position, part in enumerate(target[2]):
            _iterate(found, part, iterable, (*path, position))


class _Top(dict[int, Bindings]):
    """What the top level of each module binds."""

    def __init__(self, modules: Sequence[Module]) -> None:
        super().__init__()
        self._modules = modules

    def __missing__(self, number: int) -> Bindings:
        module = self._modules[number]
        found = self[number] = bindings(module, module.body)
        for name, path in module.imports.items():
            found.imports.setdefault(name, path)
        return found


class Program:
    """All modules, by number; functions and classes by (module, index).

    `shape` and `inside` are bits by module, for what reads it: what it defines, and with it what stands in
    its functions.
    """

    def __init__(
        self,
        modules: Sequence[Module],
        base: tuple[str, ...] = (),
        paths: Sequence[tuple[str, ...]] | None = None,
    ) -> None:
        """`paths`: those of each file with its aliases, where no module is to be unpacked for them."""
        self.modules = modules
        self.shape = [1 << 2 * number for number in range(len(self.modules))]
        self.inside = [3 << 2 * number for number in range(len(self.modules))]
        if paths is None:
            paths = [(module.path, *module.aliases) for module in modules]
        self.paths = [names[0] for names in paths]
        self.finder = Finder(paths, base)
        self._scopes: dict[tuple[int, int], Bindings] = {}
        self._class_scopes: dict[ClassKey, Bindings] = {}
        self.top: Mapping[int, Bindings] = _Top(modules)

    def function(self, key: FunctionKey) -> Function:
        """Return a function."""
        return self.modules[key[0]].functions[key[1]]

    def class_(self, key: ClassKey) -> Class:
        """Return a class."""
        return self.modules[key[0]].classes[key[1]]

    def numbered(self) -> Iterator[tuple[int, Module]]:
        """Yield the modules to go over, with their numbers."""
        return enumerate(self.modules)

    def functions(self) -> Iterator[tuple[FunctionKey, Function]]:
        """Yield all functions, lambdas included."""
        for number, module in self.numbered():
            for function in module.functions:
                yield (number, function.index), function

    def classes(self) -> Iterator[tuple[ClassKey, Class]]:
        """Yield all classes."""
        for number, module in self.numbered():
            for found in module.classes:
                yield (number, found.index), found

    def scope(self, key: FunctionKey) -> Bindings:
        """Return what the names in a function's body are bound to; its parameters are not among them."""
        found = self._scopes.get(key)
        if found is None:
            module = self.modules[key[0]]
            found = self._scopes[key] = bindings(module, module.functions[key[1]].body)
        return found

    def class_scope(self, key: ClassKey) -> Bindings:
        """Return what the names in a class's body are bound to."""
        found = self._class_scopes.get(key)
        if found is None:
            module = self.modules[key[0]]
            found = self._class_scopes[key] = bindings(module, module.classes[key[1]].body)
        return found

    def qualified(self, key: FunctionKey) -> str:
        """Return a function's name as a reader of its file would say it: "Client.get", "outer.inner"."""
        function = self.function(key)
        name = function.name or "<lambda>"
        if function.owner is not None:
            return f"{self.modules[key[0]].classes[function.owner].name}.{name}"
        if function.within is not None:
            return f"{self.qualified((key[0], function.within))}.{name}"
        return name
