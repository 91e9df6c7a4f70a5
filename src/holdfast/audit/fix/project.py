"""The project as it is, and as it would be with other texts: audited in memory, and nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeAlias

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.fix.place import function_at
from holdfast.audit.knowledge import knowledge
from holdfast.audit.rules.catalogue import RULES
from holdfast.audit.settings.read import read
from holdfast.audit.source.find import find
from holdfast.audit.source.load import load, quiet
from holdfast.audit.source.read import read_text
from holdfast.audit.suppress import allowances
from holdfast.audit.unique import unique
from holdfast.audit.whole import Whole

__all__ = ["Key", "Project", "Texts", "key_of", "keys"]

Texts: TypeAlias = Mapping[str, bytes]
"""What files would hold, by their paths below the root; the others hold what they do."""

Key: TypeAlias = tuple[str, str, str]
"""Rule, file and function: what of a finding a change elsewhere in the file leaves as it is."""


class Project:
    """The Python below `root`, its `tests` too or not; `cache` as in `audit`.

    Raises `UsageError` when nothing is there, and `BudgetError` when the project's budget has a mistake.
    """

    def __init__(self, root: Path, *, tests: bool = False, cache: Path | None = None) -> None:
        self.root = root
        self._modules = load(find(root, tests=tests), cache)
        self._number = {module.path: number for number, module in enumerate(self._modules)}
        self._library, self._settings = knowledge(root), read(root)
        self._originals: dict[str, bytes] = {}

    def file(self, path: str) -> Path:
        """Return the file of a path as findings have it."""
        return self.root if self.root.is_file() else self.root / path

    def original(self, path: str) -> bytes:
        """Return what a file held when it was first asked for; raise OSError where it cannot be read."""
        if path not in self._originals:
            self._originals[path] = self.file(path).read_bytes()
        return self._originals[path]

    def whole(self, texts: Texts) -> Whole:
        """Return the program as it would be."""
        modules = list(self._modules)
        for path, data in texts.items():
            if path in self._number:
                changed = read_text(path, data)
                changed.aliases = modules[self._number[path]].aliases
                modules[self._number[path]] = changed
        folder = self.root.resolve() if self.root.is_dir() else self.root.resolve().parent
        return Whole(modules, self._library, folder.parts[1:], self._settings)

    def findings(self, whole: Whole) -> list[Finding]:
        """Return all that the rules find, also what is allowed; the weightiest first."""
        with quiet():
            found = [finding for rule in RULES for finding in rule.find(whole)]
        return list(unique(sorted(found, key=lambda one: (-one.severity, -one.confidence))))

    def open(
        self, findings: Iterable[Finding], texts: Texts, least: Confidence, today: date | None = None
    ) -> Iterator[Finding]:
        """Yield the findings that are sure enough, and that no comment allows."""
        day = today or datetime.now(UTC).date()
        known: dict[str, dict[int, frozenset[str]]] = {}
        for finding in findings:
            if finding.confidence < least:
                continue
            if finding.file not in known:
                text = (texts[finding.file] if finding.file in texts else self._read(finding.file)).decode(
                    errors="replace"
                )
                known[finding.file] = {
                    line: one.rules for line, one in allowances(text).items() if not one.flaw(day)
                }
            if finding.rule not in known[finding.file].get(finding.line, ()):
                yield finding

    def _read(self, path: str) -> bytes:
        try:
            return self.original(path)
        except OSError:
            return b""


def key_of(finding: Finding, whole: Whole) -> Key:
    """Return what stays of a finding while lines move."""
    function = function_at(whole, finding.file, finding.line)
    return finding.rule, finding.file, whole.program.qualified(function) if function is not None else ""


def keys(findings: Iterable[Finding], whole: Whole) -> Counter[Key]:
    """Count findings by what stays of them."""
    return Counter(key_of(finding, whole) for finding in findings)
