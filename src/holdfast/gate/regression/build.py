"""A build: a folder with the service's code, and the interpreter that runs it there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from holdfast.errors import UsageError

__all__ = ["Build", "build_at", "require_own_code"]

_PATIENCE = 60.0
"""Seconds for an interpreter to start and find a module."""

_FIND = """
import importlib.util, sys
sys.path.insert(0, "")
found = importlib.util.find_spec(sys.argv[1])
print("found", found.origin if found else "")
"""


@dataclass(frozen=True, slots=True)
class Build:
    """`name` as in reports, the `folder` that it runs in, and its `python`."""

    name: str
    folder: Path
    python: str

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return `environ` so that the code of this folder is found before any that is installed."""
        paths = [str(self.folder), str(self.folder / "src"), environ.get("PYTHONPATH", "")]
        return {**environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def build_at(name: str, folder: Path) -> Build:
    """Return the build in `folder`: by its .venv where it has one, else by this interpreter.

    Raises UsageError when there is no such folder.
    """
    if not folder.is_dir():
        raise UsageError("no such folder", place=str(folder))
    own = folder / ".venv" / "bin" / "python"
    return Build(name, folder.resolve(), str(own) if own.exists() else sys.executable)


def require_own_code(build: Build, app: str, environ: Mapping[str, str]) -> None:
    """Raise UsageError unless the module of `app` is found in the build's folder.

    A package that is installed from elsewhere would be compared with itself, and always pass.
    """
    module = app.partition(":")[0]
    try:
        asked = subprocess.run(  # noqa: S603 - the interpreter of the build
            [build.python, "-c", _FIND, module],
            cwd=build.folder,
            env=build.environ(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"finding {module} took more than {_PATIENCE:g} s", place=str(build.folder)
        ) from None
    lines = [line for line in asked.stdout.splitlines() if line.startswith("found ")]
    origin = lines[-1].removeprefix("found ") if lines else ""
    if not origin:
        why = (asked.stderr.strip().splitlines() or ["no such module"])[-1]
        raise UsageError(f"{module} cannot be found: {why}", place=str(build.folder))
    if not Path(origin).resolve().is_relative_to(build.folder):
        raise UsageError(
            f"{module} would be run from {origin}, not from this folder: the builds would not differ",
            place=str(build.folder),
        )
