"""Which files say how a service is run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from holdfast.audit.beside import is_beside
from holdfast.audit.source.find import SKIPPED

__all__ = ["LARGEST", "Kind", "find", "kind_of"]

LARGEST = 1 << 18
"""Bytes of a file that is still read: what is larger was not written by people."""

Kind = str
"""The kind of a file: "Dockerfile", "compose", "manifest", "Procfile", "script", "budget"."""

_KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"(.+\.)?(docker|container)file(\..+)?", re.IGNORECASE), "Dockerfile"),
    (re.compile(r"(docker-)?compose(\..+)?\.ya?ml"), "compose"),
    (re.compile(r"Procfile(\..+)?"), "Procfile"),
    (re.compile(r".+\.sh"), "script"),
    (re.compile(r"holdfast\.toml"), "budget"),
    (re.compile(r".+\.ya?ml"), "manifest"),
)


def kind_of(name: str) -> Kind:
    """Return the kind of a file by its name; "" for one that is not read."""
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(name)), "")


def find(root: Path) -> Iterator[tuple[str, Path, Kind]]:
    """Yield each such file below `root` with its path from there, in the order of their paths.

    Links to folders are not followed, and what stands beside the service is left out.
    """
    if root.is_file():
        return
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            name
            for name in folders
            if name not in SKIPPED and not name.startswith(".") and not is_beside(f"{name}/")
        )
        for name in sorted(names):
            if kind := kind_of(name):
                file = Path(folder) / name
                yield file.relative_to(root).as_posix(), file, kind
