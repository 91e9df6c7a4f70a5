"""Keys of [source] and [deferred]: paths in which `*` stands for anything. The most specific key wins."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["best", "matches"]


def matches(pattern: str, path: str) -> bool:
    """Return whether a pattern covers a path, or all that is below the path that it names.

    >>> matches("objective.*", "objective.p99"), matches("service.replicas", "service.replicas.max")
    (True, True)
    """
    anything = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(rf"{anything}(?:[.\[].*)?", path) is not None


def best(patterns: Iterable[str], path: str) -> str | None:
    """Return the pattern that covers the path and says most of it: the one with most literal characters."""
    covering = [pattern for pattern in patterns if matches(pattern, path)]
    return max(covering, key=_weight, default=None)


def _weight(pattern: str) -> tuple[int, int]:
    return len(pattern.replace("*", "")), -pattern.count("*")
