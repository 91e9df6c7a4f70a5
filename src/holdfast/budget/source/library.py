"""The documents that [source] names: read once, and looked up by "path#heading"."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.budget.source.markdown import sections

__all__ = ["Library", "Passage"]


@dataclass(frozen=True, slots=True)
class Passage:
    """What a reference leads to: its `text`, or the `problem` with it; neither for a web address."""

    text: str | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Library:
    """Documents below `folder`, the budget's own."""

    folder: Path
    _read: dict[Path, Mapping[str, str] | str] = field(default_factory=dict)

    def passage(self, reference: str) -> Passage:
        """Return the section that "docs/reliability.md#objectives" names.

        A web address is taken as it is. A file that is no Markdown has no headings and is one passage.
        """
        if reference.startswith(("https://", "http://")):
            return Passage(None)
        name, _, heading = reference.partition("#")
        file = self.folder / name
        found = self._document(file, name)
        if isinstance(found, str):
            return Passage(None, found)
        if file.suffix.lower() not in (".md", ".markdown"):
            return Passage(found[""])
        if not heading:
            return Passage(
                None, f"names no heading, expected such as {name}#{next(iter(found), 'objectives')}"
            )
        if heading not in found:
            close = difflib.get_close_matches(heading, found, n=1)
            hint = f"; did you mean #{close[0]}?" if close else f"; it has {_some(found)}"
            return Passage(None, f"{name} has no heading #{heading}{hint}")
        return Passage(found[heading])

    def _document(self, file: Path, name: str) -> Mapping[str, str] | str:
        """Return the sections of a file, or what is wrong with it."""
        if file not in self._read:
            try:
                text = file.read_text(encoding="utf-8")
            except FileNotFoundError:
                self._read[file] = f"no such file: {name}"
            except UnicodeDecodeError:
                self._read[file] = f"{name} cannot be read: not UTF-8"
            except (OSError, ValueError) as error:  # ValueError: a name that no file can have
                self._read[file] = f"{name} cannot be read: {getattr(error, 'strerror', None) or error}"
            else:
                markdown = file.suffix.lower() in (".md", ".markdown")
                self._read[file] = sections(text) if markdown else {"": text}
        return self._read[file]


def _some(found: Mapping[str, str]) -> str:
    names = [f"#{name}" for name in found]
    return ", ".join(names[:5]) + (" ..." if len(names) > 5 else "") if names else "no headings at all"
