"""Which classes the program makes instances of: rapid type analysis (Bacon and Sweeney, 1996), by names.

A call of a base class's method may run each override of it. One whose class nothing makes, nor hands on, nor
names as a type, is never what runs there. Who makes it from a test or an example is not the service.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from holdfast.audit.beside import is_beside
from holdfast.audit.graph.infer import Inference
from holdfast.audit.graph.program import ClassKey, FunctionKey, Program, statements
from holdfast.audit.source import form
from holdfast.audit.source.form import Class, Expression, Function, Module, Statement
from holdfast.audit.source.inside import own, parts, word

__all__ = ["never_instantiated"]

_ABSTRACT = frozenset(
    {"object", "abc.ABC", "typing.Protocol", "typing.Generic", "typing_extensions.Protocol"}
)
"""Bases whose subclasses no library makes by itself, as one makes models and rows."""
_SEARCHING = frozenset(
    {"__subclasses__", "getmembers", "iter_modules", "walk_packages", "entry_points", "import_module"}
)
"""What finds classes by other means than their names in the source: then each may be made."""
_TESTS = frozenset({"isinstance", "issubclass"})
_DECORATORS = frozenset({"dataclass", "final", "runtime_checkable"})
"""Decorators of classes that keep nothing of them."""

Mention = tuple[int, str]
"""The class in whose methods a name stands, -1 for none; and the name."""


def never_instantiated(program: Program, inference: Inference) -> frozenset[FunctionKey]:
    """Return the methods of classes that inherit from one of the program and that nothing makes."""
    modules = range(len(program.modules))
    said = [inference.kept.ask(one, "mentions", _mentions, program, inference, one) for one in modules]
    searched = (one for one, path in zip(said, program.paths, strict=True) if not is_beside(path))
    if any(name in _SEARCHING for mentions in searched for _, name in mentions):
        return frozenset()
    waiting = {
        (number, index): name
        for number in modules
        for index, name in inference.kept.ask(number, "heirs", _heirs, program, inference, number)
    }
    dead = _dead(program, inference, waiting, said)
    return frozenset((key[0], index) for key in dead for index in program.class_(key).functions.values())


def _dead(
    program: Program,
    inference: Inference,
    waiting: dict[ClassKey, str],
    said: list[tuple[Mention, ...]],
) -> set[ClassKey]:
    """Return those of the classes that are `waiting` to be made which nothing that is made makes."""
    named: dict[str, list[ClassKey]] = defaultdict(list)
    for key, name in waiting.items():
        named[name].append(key)
    dead = set(waiting)
    by_owner: dict[ClassKey, list[Mention]] = defaultdict(list)
    for number, mentions in enumerate(said):
        for owner, name in mentions:
            by_owner[number, owner].append((number, name))
    queue = [one for owner, mentions in by_owner.items() if owner not in dead for one in mentions]
    while queue:
        number, name = queue.pop()
        beside = is_beside(program.paths[number])
        for key in named.get(name, ()):
            if beside and not is_beside(program.paths[key[0]]):
                continue
            for made in inference.family.lineage(key):
                if made in dead:
                    dead.discard(made)
                    queue.extend(by_owner.get(made, ()))
    return dead


def _heirs(program: Program, inference: Inference, number: int) -> tuple[tuple[int, str], ...]:
    """Return the classes of a module, with their names, that have a base in the program and none elsewhere.

    Not those that are registered somewhere: by a decorator, or by a base as it is inherited from.
    """
    inference.reads(number)
    return tuple(
        (one.index, one.name)
        for one in program.modules[number].classes
        if all(word(each[1] if each[0] == form.CALL else each) in _DECORATORS for each in one.decorators)
        and _inherits_here_only(program, inference, (number, one.index))
    )


def _inherits_here_only(program: Program, inference: Inference, key: ClassKey) -> bool:
    family = inference.family
    if not family.bases(key) or not _ABSTRACT.issuperset(family.outside_bases(key)):
        return False
    lineage = family.lineage(key)
    for number, _ in lineage:
        inference.reads(number)
    return not any("__init_subclass__" in program.class_(one).functions for one in lineage)


def _mentions(program: Program, inference: Inference, number: int) -> tuple[Mention, ...]:
    """Return the names that a module uses as values or types: not as bases, nor to test what something is."""
    inference.reads(number, inside=True)
    module = program.modules[number]
    long = dict(_imported(module))
    found: dict[Mention, None] = {}
    for owner, value in _values(module):
        for name in _names(value):
            found[owner, long.get(name, name)] = None
    return tuple(found)


def _imported(module: Module) -> Iterator[tuple[str, str]]:
    """Yield the names that a module gives to what it imports, with those that it has where it is defined."""
    for name, path in module.imports.items():
        yield name, path.rpartition(".")[2]
    for function in module.functions:
        for one in statements(function.body):
            if one[0] == form.IMPORT:
                yield one[1], one[2].rpartition(".")[2]


def _values(module: Module) -> Iterator[tuple[int, Expression]]:
    for statement in statements(module.body):
        if statement[0] != form.ASSIGN or statement[1] != (form.NAME, "__all__"):
            yield from ((-1, one) for one in _in_statement(statement))
    for found in module.classes:
        yield from ((-1, one) for one in _in_class(found))  # run when the class is defined
    for function in module.functions:
        owner = _owner(module, function)
        yield from ((owner, one) for one in _in_function(function))


def _in_class(found: Class) -> Iterator[Expression]:
    yield from (value for _, value in found.keywords)
    for statement in statements(found.body):
        yield from _in_statement(statement)


def _in_function(function: Function) -> Iterator[Expression]:
    yield from function.decorators
    yield from (function.returns,) if function.returns is not None else ()
    for parameter in function.parameters:
        yield from (one for one in (parameter.annotation, parameter.default) if one is not None)
    for statement in statements(function.body):
        yield from _in_statement(statement)


def _in_statement(statement: Statement) -> Iterator[Expression]:
    yield from own(statement)
    if statement[0] == form.ANNOTATE:
        yield statement[2]


def _owner(module: Module, function: Function) -> int:
    while function.owner is None and function.within is not None:
        function = module.functions[function.within]
    return -1 if function.owner is None else function.owner


def _names(value: Expression) -> Iterator[str]:
    tested = {
        id(part)
        for call in parts(value)
        if call[0] == form.CALL and word(call[1]) in _TESTS
        for argument in call[2][1:]
        for part in parts(argument)
    }
    for part in parts(value):
        if id(part) in tested:
            continue
        if part[0] in (form.NAME, form.ATTR):
            yield part[-1]
        elif part[0] == form.TEXT and len(part[1]) < 200:
            # A path of a class in a registry, or a type that is written as a text.
            yield part[1].replace(":", ".").rpartition(".")[2]
