"""The lines of the audited files, each file read once and only when it is asked for."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["Sources", "split"]

_END = re.compile(r"\r\n?|\n")


def split(text: str) -> list[str]:
    """Return the lines of a source as Python counts them; `splitlines` knows more ends than that."""
    return _END.split(text)


class Sources:
    """The files below `root`, or `root` itself where it is a file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lines: dict[str, list[str]] = {}

    def lines(self, file: str) -> list[str]:
        """Return the lines of `file`, its path as a finding has it; none where it cannot be read."""
        if file not in self._lines:
            path = self.root if self.root.is_file() else self.root / file
            try:
                text = path.read_text(encoding="utf-8", errors="replace")
            except OSError:
                text = ""
            self._lines[file] = split(text)
        return self._lines[file]

    def line(self, file: str, number: int) -> str:
        """Return one line, counted from 1; "" where there is none."""
        lines = self.lines(file)
        return lines[number - 1] if 0 < number <= len(lines) else ""
