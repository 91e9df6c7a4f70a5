"""HF701: a cache of a function's results gets a largest size."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from holdfast.audit.fix.case import Case, last_name
from holdfast.audit.fix.edit import Fix
from holdfast.audit.fix.numbers import undecided

__all__ = ["fix"]


def fix(case: Case) -> Fix | None:
    """Give `@cache` and `@lru_cache(maxsize=None)` a size to decide."""
    key = case.key()
    if key is None:
        return None
    function = case.whole.program.function(key)
    found = case.draft.functions(function.name, function.line)
    decorators: Sequence[cst.Decorator] = found[0].decorators if len(found) == 1 else ()
    for one in decorators:
        maker = one.decorator.func if isinstance(one.decorator, cst.Call) else one.decorator
        if last_name(maker) not in ("cache", "lru_cache"):
            continue
        size = case.named(undecided("CACHE_SIZE", "results that are kept"))
        new = cst.parse_expression(f"functools.lru_cache(maxsize={size.name})")

        def sized(_: cst.CSTNode, new: cst.BaseExpression = new) -> cst.BaseExpression:
            return new

        return case.fix(
            "bounds the cache",
            (one.decorator, sized),
            imports=(("functools", ""),),
            tops=case.constants(size),
            check=f"decide {size.name}, from the memory of a result",
        )
    return None
