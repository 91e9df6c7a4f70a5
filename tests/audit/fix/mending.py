"""Small projects on disk, and what fixes make of them in memory."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from holdfast.audit import Confidence
from holdfast.audit.fix.mend import Mended, mend
from holdfast.audit.fix.numbers import Numbers
from holdfast.audit.fix.project import Project


def project(folder: Path, files: Mapping[str, str | bytes] | str) -> Path:
    """Write `files` by path below `folder`; a text alone is main.py."""
    for path, text in ({"main.py": files} if isinstance(files, str) else files).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).lstrip("\n").encode())
    return folder


def mended(root: Path) -> Mended:
    """Return what fixes make of all that is found at `root` at the default confidence."""
    read = Project(root)
    wanted = [one for one in read.findings(read.whole({})) if one.confidence >= Confidence.MEDIUM]
    return mend(read, Numbers.of(root), wanted)


def text_of(folder: Path, files: Mapping[str, str | bytes] | str, path: str = "main.py") -> str:
    """Return a file as safe fixes make it; as it was where they change nothing."""
    result = mended(project(folder, files)).texts
    return result[path].decode() if path in result else (folder / path).read_text(encoding="utf-8")
