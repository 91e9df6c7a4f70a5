"""Arguments put into a call, set off from the others as these are from each other."""

from __future__ import annotations

import libcst as cst

__all__ = ["with_first", "with_keyword"]

_NOTHING = cst.SimpleWhitespace("")
_SPACE = cst.SimpleWhitespace(" ")
_EQUAL = cst.AssignEqual(whitespace_before=_NOTHING, whitespace_after=_NOTHING)


def with_keyword(call: cst.Call, name: str, value: cst.BaseExpression) -> cst.Call:
    """Return `call` with `name=value` behind its arguments; a comment stays beside its own."""
    new = cst.Arg(keyword=cst.Name(name), value=value, equal=_EQUAL)
    if not call.args:
        return call.with_changes(args=[new])
    *before, last = call.args
    between = _between(call)
    if isinstance(last.comma, cst.Comma):
        end = last.comma.whitespace_after
        new = new.with_changes(comma=last.comma.with_changes(whitespace_after=_bare(end)))
    else:
        end = last.whitespace_after_arg
        new = new.with_changes(whitespace_after_arg=_bare(end))
    if isinstance(end, cst.ParenthesizedWhitespace) and isinstance(between, cst.ParenthesizedWhitespace):
        between = end.with_changes(indent=between.indent, last_line=between.last_line)
    last = last.with_changes(comma=cst.Comma(whitespace_after=between), whitespace_after_arg=_NOTHING)
    return call.with_changes(args=[*before, last, new])


def with_first(call: cst.Call, value: cst.BaseExpression) -> cst.Call:
    """Return `call` with `value` before its arguments."""
    if not call.args:
        return call.with_changes(args=[cst.Arg(value)])
    first = cst.Arg(value, comma=cst.Comma(whitespace_after=_between(call)))
    return call.with_changes(args=[first, *call.args])


def _between(call: cst.Call) -> cst.BaseParenthesizableWhitespace:
    """Return what stands between two arguments: a space, or a line's end and the next one's indent."""
    between = call.whitespace_before_args
    for one in call.args[:-1]:
        if isinstance(one.comma, cst.Comma):
            between = one.comma.whitespace_after
            break
    return _bare(between) if isinstance(between, cst.ParenthesizedWhitespace) else _SPACE


def _bare(space: cst.BaseParenthesizableWhitespace) -> cst.BaseParenthesizableWhitespace:
    """Return a space without its comments, which belong to an argument of their own."""
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return space
    end = cst.TrailingWhitespace(newline=space.first_line.newline)
    return space.with_changes(first_line=end, empty_lines=())
