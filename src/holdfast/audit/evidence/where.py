"""Whether a place of the evidence is a place of the source, when the two were on different machines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

__all__ = ["Files", "same_function"]

_ELSEWHERE = ("/site-packages/", "/dist-packages/", "<")


class Files:
    """The files of the source, found by paths of the evidence.

    The service may have run in /srv/app, be checked out in /home/me/shop, and be audited from a folder in
    between: of two paths the common end counts, in whole names.
    """

    def __init__(self, files: Iterable[str]) -> None:
        self._by_name: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for file in sorted(set(files)):
            names = tuple(reversed(file.split("/")))
            self._by_name[names[0]].append(names)
        self._found: dict[str, tuple[str, ...]] = {}

    def like(self, path: str) -> tuple[str, ...]:
        """Return the files with the longest common end with `path`; several where that does not decide."""
        if path not in self._found:
            self._found[path] = self._like(path)
        return self._found[path]

    def _like(self, path: str) -> tuple[str, ...]:
        path = path.replace("\\", "/")
        if any(part in path for part in _ELSEWHERE) or not path:
            return ()
        names = tuple(part for part in reversed(path.split("/")) if part not in ("", "."))
        found = self._by_name.get(names[0], []) if names else []
        longest = max((_common(names, file) for file in found), default=0)
        return tuple("/".join(reversed(file)) for file in found if _common(names, file) == longest)


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    count = 0
    for name, same in zip(one, other, strict=False):
        if name != same:
            break
        count += 1
    return count


def same_function(one: str, other: str) -> bool:
    """Whether two names may be of one function: "Client.get" and "Client.get", or only "get"."""
    names = [name for name in one.split(".") if name != "<locals>"]
    others = [name for name in other.split(".") if name != "<locals>"]
    fewer = min(len(names), len(others))
    return names[-fewer:] == others[-fewer:]
