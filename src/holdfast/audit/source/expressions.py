"""From the expressions of a syntax tree to their form."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement

__all__ = ["Expressions", "matters"]

_LONGEST = 200
"""Characters of a text that are kept: enough for a path, a table's name or a URL."""

_NONE: Expression = (form.CONST, None)
_NOTHING: Expression = (form.OP, ())


class Expressions:
    """Reads expressions; `yields` becomes true where one of them does."""

    def __init__(self) -> None:
        self.yields = False

    def function(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
        name: str,
        arguments: ast.arguments,
        decorators: tuple[Expression, ...],
        returns: Expression | None,
        body: Callable[[], tuple[Statement, ...]],
    ) -> int:
        """Read a function that is found in an expression; return its index."""
        raise NotImplementedError

    def value(self, node: ast.expr) -> Expression:
        """Return the form of an expression."""
        handle = _EXPRESSIONS.get(type(node))
        return handle(self, node) if handle is not None else self._children(node)

    def annotation(self, node: ast.expr) -> Expression:
        """Return a type; one that is written as a text is read as what it says."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                return self.annotation(ast.parse(node.value.strip(), mode="eval").body)
            except (SyntaxError, ValueError, RecursionError):
                return _NOTHING
        if isinstance(node, ast.Subscript) and not _is_literal(node):
            index = node.slice
            inner = index.elts if isinstance(index, ast.Tuple) else [index]
            # The first is the type; of Annotated the rest are values, such as Depends(f).
            kinds = tuple(self.annotation(one) if _is_type(one) else self.value(one) for one in inner)
            held = kinds[0] if len(kinds) == 1 else (form.SEQ, "tuple", kinds)
            return (form.SUB, self.value(node.value), held)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return (form.OR, self.annotation(node.left), self.annotation(node.right))
        return self.value(node)

    def _name(self, node: ast.Name) -> Expression:
        return (form.NAME, node.id)

    def _attribute(self, node: ast.Attribute) -> Expression:
        return (form.ATTR, self.value(node.value), node.attr)

    def _call(self, node: ast.Call) -> Expression:
        args = tuple(map(self.value, node.args))
        keywords = tuple((word.arg, self.value(word.value)) for word in node.keywords)
        return (form.CALL, self.value(node.func), args, keywords, node.lineno, node.col_offset)

    def _await(self, node: ast.Await) -> Expression:
        return (form.AWAIT, self.value(node.value))

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> Expression:
        self.yields = True
        value = self.value(node.value) if node.value is not None else _NONE
        return (form.YIELD, value)

    def _constant(self, node: ast.Constant) -> Expression:
        value = node.value
        if isinstance(value, str):
            return (form.TEXT, value[:_LONGEST])
        if value is None or isinstance(value, bool):
            return (form.CONST, value)
        if isinstance(value, int | float):
            # An int of any size would not be one word, and no rule needs it.
            return (form.NUMBER, value if abs(value) < 1 << 62 else 1 << 62)
        return _NOTHING

    def _subscript(self, node: ast.Subscript) -> Expression:
        return (form.SUB, self.value(node.value), self.value(node.slice))

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set) -> Expression:
        return (form.SEQ, type(node).__name__.lower(), tuple(map(self.value, node.elts)))

    def _dict(self, node: ast.Dict) -> Expression:
        keys = tuple(self.value(key) if key is not None else _NOTHING for key in node.keys)
        return (form.DICT, keys, tuple(map(self.value, node.values)))

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> Expression:
        kind = {"ListComp": "list", "SetComp": "set", "GeneratorExp": "generator", "DictComp": "dict"}
        element = (
            (form.SEQ, "tuple", (self.value(node.key), self.value(node.value)))
            if isinstance(node, ast.DictComp)
            else self.value(node.elt)
        )
        generators = tuple(
            (
                self.value(one.target),
                self.value(one.iter),
                tuple(map(self.value, one.ifs)),
                bool(one.is_async),
            )
            for one in node.generators
        )
        return (form.COMP, kind[type(node).__name__], element, generators)

    def _lambda(self, node: ast.Lambda) -> Expression:
        def body() -> tuple[Statement, ...]:
            return ((form.RETURN, self.value(node.body), node.lineno),)

        return (form.LAMBDA, self.function(node, "", node.args, (), None, body))

    def _either(self, node: ast.IfExp) -> Expression:
        values = (self.value(node.body), self.value(node.orelse))
        test = self.value(node.test)
        return (form.ANY, (*values, (form.OP, (test,))) if matters(test) else values)

    def _boolean(self, node: ast.BoolOp) -> Expression:
        return (form.ANY, tuple(map(self.value, node.values)))

    def _walrus(self, node: ast.NamedExpr) -> Expression:
        return (form.WALRUS, node.target.id, self.value(node.value))

    def _binary(self, node: ast.BinOp) -> Expression:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.BitOr):
            return (form.OR, left, right)
        if isinstance(node.op, ast.Mod | ast.Add) and (left[0] == form.TEXT or right[0] == form.TEXT):
            return (form.TEXT, left[1] if left[0] == form.TEXT else right[1])
        return self._op(left, right)

    def _joined(self, node: ast.JoinedStr) -> Expression:
        parts = [self.value(part.value) for part in node.values if isinstance(part, ast.FormattedValue)]
        kept = tuple(part for part in parts if matters(part))
        head = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        text: Expression = (form.TEXT, head[:_LONGEST])
        return (form.ANY, (text, (form.OP, kept))) if kept else text

    def _starred(self, node: ast.Starred) -> Expression:
        return (form.OP, (self.value(node.value),))

    def _children(self, node: ast.expr) -> Expression:
        return self._op(*(self.value(one) for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)))

    def _op(self, *children: Expression) -> Expression:
        kept: list[Expression] = []
        for child in children:
            if child[0] == form.OP:
                kept.extend(child[1])  # flat: generated code adds up thousands of terms
            elif matters(child):
                kept.append(child)
        return (form.OP, tuple(kept)) if kept else _NOTHING


def matters(value: Expression) -> bool:
    """Whether anything happens when `value` is evaluated, as far as the audit cares."""
    tag = value[0]
    if tag in (form.NAME, form.TEXT, form.NUMBER, form.CONST, form.LAMBDA):
        return False
    if tag == form.ATTR:
        # An attribute may be a property, or a column that is loaded when it is read.
        return True
    if tag in (form.CALL, form.AWAIT, form.YIELD, form.COMP, form.WALRUS):
        return True
    if tag == form.OP:
        return bool(value[1])  # only what matters was put there
    if tag == form.SUB:
        return matters(value[1]) or matters(value[2])
    if tag == form.SEQ:
        return any(map(matters, value[2]))
    if tag == form.DICT:
        return any(map(matters, value[1])) or any(map(matters, value[2]))
    if tag == form.OR:
        return matters(value[1]) or matters(value[2])
    return any(map(matters, value[1]))


def _is_literal(node: ast.Subscript) -> bool:
    name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    return name == "Literal"


def _is_type(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Constant | ast.BinOp | ast.List)


_EXPRESSIONS: dict[type[ast.expr], Callable[[Expressions, Any], Expression]] = {
    ast.Name: Expressions._name,
    ast.Attribute: Expressions._attribute,
    ast.Call: Expressions._call,
    ast.Await: Expressions._await,
    ast.Yield: Expressions._yield,
    ast.YieldFrom: Expressions._yield,
    ast.Constant: Expressions._constant,
    ast.Subscript: Expressions._subscript,
    ast.List: Expressions._sequence,
    ast.Tuple: Expressions._sequence,
    ast.Set: Expressions._sequence,
    ast.Dict: Expressions._dict,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.DictComp: Expressions._comprehension,
    ast.Lambda: Expressions._lambda,
    ast.IfExp: Expressions._either,
    ast.BoolOp: Expressions._boolean,
    ast.NamedExpr: Expressions._walrus,
    ast.BinOp: Expressions._binary,
    ast.JoinedStr: Expressions._joined,
    ast.Starred: Expressions._starred,
}
