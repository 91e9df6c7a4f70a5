"""Where tokens are decoded."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.sites import Site
from holdfast.audit.rules.calls import calls
from holdfast.audit.whole import Whole

__all__ = ["decoding"]

_DECODERS = frozenset({"jwt.decode", "jose.jwt.decode"})
_LIBRARIES = ("jwt", "jose")


def decoding(whole: Whole) -> Iterator[tuple[FunctionKey, tuple[Site, ...]]]:
    """Yield the functions that decode a JWT, in the order of the source, each with the calls that do."""
    for number, module in whole.program.numbered():
        if not any(path.partition(".")[0] in _LIBRARIES for path in module.imports.values()):
            continue
        for function in module.functions:
            key = (number, function.index)
            named = calls(whole, key, {"decode"})
            sites = tuple(one for one in named if _DECODERS.intersection(whole.named(one.expression[1], key)))
            if sites:
                yield key, sites
