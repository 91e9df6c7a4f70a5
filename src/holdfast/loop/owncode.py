"""Which code is the service's own: what is neither Python's, nor an installed package's, nor holdfast's."""

from __future__ import annotations

import inspect
import sys
import sysconfig
from pathlib import Path
from types import CodeType, FrameType

import holdfast

__all__ = ["OwnCode", "code_of", "package_of"]

_INSTALLED = ("/site-packages/", "/dist-packages/")
_FRAMEWORK = frozenset({"", "fastapi", "starlette", "holdfast", "__main__"}) | sys.stdlib_module_names


class OwnCode:
    """Tells code of the service from that of libraries, by file.

    A service that is itself installed into site-packages is known by its endpoints: what shares the top-level
    package of the request's endpoint is its own too.
    """

    __slots__ = ("_cwd", "_known", "_libraries")

    def __init__(self, cwd: Path | None = None) -> None:
        """Files below `cwd` (the current directory by default) are named relative to it."""
        self._cwd = f"{cwd or Path.cwd()}/"
        names = ("stdlib", "platstdlib", "purelib", "platlib")
        roots = {Path(path) for name in names if (path := sysconfig.get_paths().get(name))}
        roots.add(Path(holdfast.__file__).parent)
        self._libraries = tuple(f"{path}/" for root in roots for path in (root, root.resolve()))
        self._known: dict[str, bool] = {}

    def has(self, file: str) -> bool:
        """Return whether `file` is the service's."""
        own = self._known.get(file)
        if own is None:
            installed = file.startswith("<") or any(part in file for part in _INSTALLED)
            own = self._known[file] = not installed and not file.startswith(self._libraries)
        return own

    def has_frame(self, frame: FrameType, package: str) -> bool:
        """Return whether the service wrote the code of `frame`; `package`: see `package_of`."""
        if self.has(frame.f_code.co_filename):
            return True
        return bool(package) and str(frame.f_globals.get("__name__", "")).partition(".")[0] == package

    def name(self, file: str) -> str:
        """Return `file` relative to the working directory when it lies below it."""
        return file.removeprefix(self._cwd)


def package_of(endpoint: object) -> str:
    """Return the top-level package of a request's endpoint; "" where that says nothing about the service."""
    top = str(getattr(endpoint, "__module__", "")).partition(".")[0]
    return "" if top in _FRAMEWORK else top


def code_of(endpoint: object) -> CodeType | None:
    """Return the code of an endpoint, below its decorators; None when it is not a Python function."""
    if callable(endpoint):
        endpoint = inspect.unwrap(endpoint)
    code = getattr(endpoint, "__code__", None)
    return code if isinstance(code, CodeType) else None
