"""The calls that functions make, by what is called."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from holdfast.audit.graph import value as v
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.graph.sites import Site, sites
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement
from holdfast.audit.source.inside import own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["calls", "calls_in", "functions", "importing", "keyword", "requested"]


def requested(whole: Whole) -> Iterator[FunctionKey]:
    """Yield the functions that requests reach, in the order of the source."""
    for key in sorted(whole.reach.edges):
        if whole.reach.entry(key) is not None:
            yield key


def importing(whole: Whole, *packages: str) -> Iterator[FunctionKey | int]:
    """Yield the modules that import one of some libraries, each followed by its functions."""
    program = whole.program
    for number, module in program.numbered():
        keys = [(number, function.index) for function in module.functions]
        paths = chain(module.imports.values(), *(program.scope(key).imports.values() for key in keys))
        if any(path.partition(".")[0] in packages for path in paths):
            yield number
            yield from keys


def calls(whole: Whole, where: FunctionKey | int, words: Collection[str] = ()) -> Iterator[Site]:
    """Yield the calls in a function, or at the top level of a module; only those of `words` where given.

    A word is the last name of what is called: "get" of `client.get(url)`.
    """
    body = (
        whole.program.function(where).body if isinstance(where, tuple) else whole.program.modules[where].body
    )
    for site in sites(body):
        call = site.expression
        if call[0] == form.CALL and not site.entered and (not words or word(call[1]) in words):
            yield site


def calls_in(body: Iterable[Statement]) -> Iterator[Expression]:
    """Yield the calls that stand in a body, those in its branches and loops included."""
    for statement in statements(body):
        for value in own(statement):
            yield from (part for part in parts(value) if part[0] == form.CALL)


def functions(whole: Whole, value: Expression, key: FunctionKey) -> Iterator[FunctionKey]:
    """Yield the functions of the program that an expression may name, in the function `key`."""
    for one in whole.inference.values(value, Place(*key)):
        if one[0] in (v.FUNCTION, v.BOUND):
            yield one[-2], one[-1]


def keyword(call: Expression, name: str) -> Expression | None:
    """Return what a call is given by this name; None where it is not."""
    return next((value for each, value in call[3] if each == name), None)
