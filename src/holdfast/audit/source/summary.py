"""From a syntax tree to the form that the audit works on: one walk over each file."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from holdfast.audit.source import form
from holdfast.audit.source.expressions import Expressions, matters
from holdfast.audit.source.form import Class, Expression, Function, Module, Parameter, Statement, Trouble

__all__ = ["summarise", "summarise_in_part"]

_DEEPEST = 100
"""Expressions within expressions, as nobody writes them by hand."""

_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def summarise(tree: ast.Module, path: str, lines: int, troubles: Sequence[Trouble] = ()) -> Module:
    """Return the form of `tree`, the parsed file `path`."""
    module = Module(path, lines, troubles=tuple(troubles))
    _Reader(module).read(tree)
    return module


def summarise_in_part(tree: ast.Module, path: str, lines: int, troubles: Sequence[Trouble] = ()) -> Module:
    """Return the form of `tree` without what is nested deeper than the audit can follow; it says so."""
    module = Module(path, lines)
    reader = _Shallow(module)
    reader.read(tree)
    left_out = (Trouble(reader.left_out, "read in part: nested too deeply"),) if reader.left_out else ()
    module.troubles = (*troubles, *left_out)
    return module


class _Reader(Expressions):
    """Where in the file the walk is: in which class and function, and whether a yield was met."""

    def __init__(self, module: Module) -> None:
        super().__init__()
        self._module = module
        self._owner: int | None = None
        self._within: int | None = None
        self._stars: list[str] = []

    def read(self, tree: ast.Module) -> None:
        self._module.body = self._block(tree.body)
        self._module.stars = tuple(self._stars)

    # Statements

    def _block(self, nodes: Sequence[ast.stmt]) -> tuple[Statement, ...]:
        out: list[Statement] = []
        for node in nodes:
            handle = _STATEMENTS.get(type(node))
            if handle is not None:
                handle(self, node, out)
        return tuple(out)

    def _assign(self, node: ast.Assign, out: list[Statement]) -> None:
        value = self.value(node.value)
        out.extend((form.ASSIGN, self.value(target), value, node.lineno) for target in node.targets)

    def _augmented(self, node: ast.AugAssign, out: list[Statement]) -> None:
        target = self.value(node.target)
        out.append((form.ASSIGN, target, (form.OP, (target, self.value(node.value))), node.lineno))

    def _annotated(self, node: ast.AnnAssign, out: list[Statement]) -> None:
        value = self.value(node.value) if node.value is not None else None
        target, annotation = self.value(node.target), self.annotation(node.annotation)
        out.append((form.ANNOTATE, target, annotation, value, node.lineno))

    def _expression(self, node: ast.Expr, out: list[Statement]) -> None:
        value = self.value(node.value)
        if matters(value):
            out.append((form.DO, value, node.lineno))

    def _return(self, node: ast.Return, out: list[Statement]) -> None:
        value = self.value(node.value) if node.value is not None else (form.CONST, None)
        out.append((form.RETURN, value, node.lineno))

    def _break(self, node: ast.Break, out: list[Statement]) -> None:
        out.append((form.BREAK, node.lineno))

    def _raise(self, node: ast.Raise, out: list[Statement]) -> None:
        out.append((form.RAISE, self.value(node.exc) if node.exc is not None else None, node.lineno))

    def _for(self, node: ast.For | ast.AsyncFor, out: list[Statement]) -> None:
        asynchronous = isinstance(node, ast.AsyncFor)
        target, iterable = self.value(node.target), self.value(node.iter)
        out.append((form.FOR, target, iterable, asynchronous, self._block(node.body), node.lineno))
        out.extend(self._block(node.orelse))

    def _while(self, node: ast.While, out: list[Statement]) -> None:
        out.append((form.WHILE, self.value(node.test), self._block(node.body), node.lineno))
        out.extend(self._block(node.orelse))

    def _with(self, node: ast.With | ast.AsyncWith, out: list[Statement]) -> None:
        items = tuple(
            (
                self.value(item.context_expr),
                self.value(item.optional_vars) if item.optional_vars is not None else None,
            )
            for item in node.items
        )
        asynchronous = isinstance(node, ast.AsyncWith)
        out.append((form.WITH, items, asynchronous, self._block(node.body), node.lineno))

    def _try(self, node: ast.Try | ast.TryStar, out: list[Statement]) -> None:
        handlers = tuple(
            (
                self.value(handler.type) if handler.type is not None else None,
                handler.name,
                self._block(handler.body),
                handler.lineno,
            )
            for handler in node.handlers
        )
        rest = self._block(node.orelse) + self._block(node.finalbody)
        out.append((form.TRY, self._block(node.body), handlers, rest, node.lineno))

    def _if(self, node: ast.If, out: list[Statement]) -> None:
        bodies = (self._block(node.body), self._block(node.orelse))
        test = self.value(node.test)
        if any(bodies) or matters(test):
            out.append((form.BRANCH, test, bodies, node.lineno))

    def _match(self, node: ast.Match, out: list[Statement]) -> None:
        bodies = tuple(self._block(case.body) for case in node.cases)
        out.append((form.BRANCH, self.value(node.subject), bodies, node.lineno))

    def _assert(self, node: ast.Assert, out: list[Statement]) -> None:
        test = self.value(node.test)
        if matters(test):
            out.append((form.DO, test, node.lineno))

    def _import(self, node: ast.Import, out: list[Statement]) -> None:
        for alias in node.names:
            # `import a.b` binds `a`; `import a.b as c` binds the module a.b itself.
            name = alias.asname or alias.name.partition(".")[0]
            self._bind(name, alias.name if alias.asname else name, node.lineno, out)

    def _import_from(self, node: ast.ImportFrom, out: list[Statement]) -> None:
        origin = "." * node.level + (node.module or "")
        separator = "" if origin.endswith(".") else "."
        for alias in node.names:
            if alias.name == "*":
                self._stars.append(origin)
            else:
                self._bind(alias.asname or alias.name, f"{origin}{separator}{alias.name}", node.lineno, out)

    def _bind(self, name: str, path: str, line: int, out: list[Statement]) -> None:
        if self._within is None and self._owner is None:
            self._module.imports.setdefault(name, path)
        else:
            out.append((form.IMPORT, name, path, line))

    def _global(self, node: ast.Global | ast.Nonlocal, out: list[Statement]) -> None:
        out.append((form.GLOBAL, tuple(node.names), node.lineno))

    def _delete(self, node: ast.Delete, out: list[Statement]) -> None:
        items = (target for target in node.targets if isinstance(target, ast.Subscript))
        out.extend((form.DO, (form.OP, (self.value(item),)), node.lineno) for item in items)

    def _define(self, node: _FunctionNode, out: list[Statement]) -> None:
        decorators = tuple(self.value(one) for one in node.decorator_list)
        index = self.function(
            node,
            node.name,
            node.args,
            decorators,
            self.annotation(node.returns) if node.returns is not None else None,
            lambda: self._block(node.body),
        )
        if self._owner is not None:
            self._module.classes[self._owner].functions[node.name] = index
        out.append((form.DEFINE, "function", index, node.lineno))

    def function(
        self,
        node: _FunctionNode | ast.Lambda,
        name: str,
        arguments: ast.arguments,
        decorators: tuple[Expression, ...],
        returns: Expression | None,
        body: Callable[[], tuple[Statement, ...]],
    ) -> int:
        made = Function(
            index=len(self._module.functions),
            name=name,
            line=node.lineno,
            end=node.end_lineno or node.lineno,
            asynchronous=isinstance(node, ast.AsyncFunctionDef),
            generator=False,
            parameters=self._parameters(arguments),
            returns=returns,
            decorators=decorators,
            body=(),
            owner=self._owner,
            within=self._within,
        )
        self._module.functions.append(made)
        outer = self._owner, self._within, self.yields
        self._owner, self._within, self.yields = None, made.index, False
        made.body = body()
        made.generator = self.yields
        self._owner, self._within, self.yields = outer
        return made.index

    def _parameters(self, arguments: ast.arguments) -> tuple[Parameter, ...]:
        positional = [*arguments.posonlyargs, *arguments.args]
        missing = len(positional) - len(arguments.defaults)
        defaults: list[ast.expr | None] = [*[None] * missing, *arguments.defaults]
        found = [self._parameter(*pair, "positional") for pair in zip(positional, defaults, strict=True)]
        if arguments.vararg is not None:
            found.append(self._parameter(arguments.vararg, None, "args"))
        keyword = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        found.extend(self._parameter(*pair, "keyword") for pair in keyword)
        if arguments.kwarg is not None:
            found.append(self._parameter(arguments.kwarg, None, "kwargs"))
        return tuple(found)

    def _parameter(self, node: ast.arg, default: ast.expr | None, kind: str) -> Parameter:
        annotation = self.annotation(node.annotation) if node.annotation is not None else None
        return Parameter(node.arg, annotation, self.value(default) if default is not None else None, kind)

    def _class(self, node: ast.ClassDef, out: list[Statement]) -> None:
        made = Class(
            index=len(self._module.classes),
            name=node.name,
            line=node.lineno,
            bases=tuple(self.annotation(base) for base in node.bases),
            keywords=tuple((word.arg, self.value(word.value)) for word in node.keywords),
            decorators=tuple(self.value(one) for one in node.decorator_list),
            functions={},
            body=(),
            within=self._within,
        )
        self._module.classes.append(made)
        outer, self._owner = self._owner, made.index
        made.body = self._block(node.body)
        self._owner = outer
        out.append((form.DEFINE, "class", made.index, node.lineno))


class _Shallow(_Reader):
    """Reads calls of calls, attributes of attributes and the like up to a depth; terms that are added up,
    as generated code has by thousands, lie beside each other in a form and count for nothing.

    `left_out` is the line of the first expression that was too deep, 0 without one.
    """

    def __init__(self, module: Module) -> None:
        super().__init__(module)
        self.left_out = 0
        self._depth = 0

    def value(self, node: ast.expr) -> Expression:
        if isinstance(node, ast.BinOp):
            return super().value(node)
        if self._depth > _DEEPEST:
            self.left_out = self.left_out or node.lineno
            return (form.OP, ())
        self._depth += 1
        try:
            return super().value(node)
        finally:
            self._depth -= 1


_STATEMENTS: dict[type[ast.stmt], Callable[[_Reader, Any, list[Statement]], None]] = {
    ast.Assign: _Reader._assign,
    ast.AugAssign: _Reader._augmented,
    ast.AnnAssign: _Reader._annotated,
    ast.Expr: _Reader._expression,
    ast.Return: _Reader._return,
    ast.Raise: _Reader._raise,
    ast.Break: _Reader._break,
    ast.For: _Reader._for,
    ast.AsyncFor: _Reader._for,
    ast.While: _Reader._while,
    ast.With: _Reader._with,
    ast.AsyncWith: _Reader._with,
    ast.Try: _Reader._try,
    ast.TryStar: _Reader._try,
    ast.If: _Reader._if,
    ast.Match: _Reader._match,
    ast.Assert: _Reader._assert,
    ast.Import: _Reader._import,
    ast.ImportFrom: _Reader._import_from,
    ast.Global: _Reader._global,
    ast.Nonlocal: _Reader._global,
    ast.Delete: _Reader._delete,
    ast.FunctionDef: _Reader._define,
    ast.AsyncFunctionDef: _Reader._define,
    ast.ClassDef: _Reader._class,
}
