"""The places of findings in the program."""

from __future__ import annotations

from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.whole import Whole

__all__ = ["function_at", "module_of"]


def module_of(whole: Whole, file: str) -> int | None:
    """Return the number of the module that `file` is; None for what is no module."""
    return next((n for n, one in enumerate(whole.program.modules) if one.path == file), None)


def function_at(whole: Whole, file: str, line: int) -> FunctionKey | None:
    """Return the innermost function, no lambda, around a line; None outside of all."""
    module = module_of(whole, file)
    if module is None:
        return None
    around = [
        one for one in whole.program.modules[module].functions if one.name and one.line <= line <= one.end
    ]
    inner = max(around, key=lambda one: one.line, default=None)
    return (module, inner.index) if inner is not None else None
