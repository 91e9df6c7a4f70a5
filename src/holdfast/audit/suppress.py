"""What the owner of the code allows: `# holdfast: allow HF101 the file is tiny until 2027-01-31`."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from holdfast.audit.finding import Finding
from holdfast.audit.sources import split

__all__ = ["Allowance", "allowances", "without_allowed"]

_MARK = re.compile(
    r"#\s*holdfast:\s*allow\s+(?P<rules>HF\d+(?:\s*,\s*HF\d+)*)\s*(?P<reason>.*?)\s*"
    r"(?:\buntil\s+(?P<until>\d{4}-\d{2}-\d{2}))?\s*$"
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """`rules` are allowed for `reason`, up to and with the day `until`; None for always."""

    rules: frozenset[str]
    reason: str
    until: datetime.date | None

    def flaw(self, today: datetime.date) -> str:
        """Return why it does not hold; "" where it does."""
        if not self.reason:
            return "its allowance gives no reason"
        if self.until is not None and self.until < today:
            return f"its allowance ended on {self.until}"
        return ""


def allowances(text: str) -> dict[int, Allowance]:
    """Return the allowances in a source, by line. One in a line of its own is for the line below it.

    Several such lines are for the first line of code below. A date that does not exist allows nothing.
    """
    found: dict[int, Allowance] = {}
    lines = split(text)
    for number, line in enumerate(lines, 1):
        match = _MARK.search(line)
        if match is None:
            continue
        try:
            until = datetime.date.fromisoformat(match["until"]) if match["until"] else None
        except ValueError:
            continue
        at = number
        while at <= len(lines) and lines[at - 1].lstrip().startswith("#"):
            at += 1
        rules = frozenset(match["rules"].replace(" ", "").split(","))
        known = found.get(at)
        found[at] = Allowance(rules | known.rules if known else rules, match["reason"].strip(), until)
    return found


def without_allowed(root: Path, findings: Iterable[Finding], today: datetime.date) -> Iterator[Finding]:
    """Yield the findings that nobody allowed; one whose allowance does not hold says so in its message."""
    read: dict[str, dict[int, Allowance]] = {}
    for finding in findings:
        if finding.file not in read:
            read[finding.file] = _of(root if root.is_file() else root / finding.file)
        allowance = read[finding.file].get(finding.line)
        if allowance is None or finding.rule not in allowance.rules:
            yield finding
        elif flaw := allowance.flaw(today):
            yield replace(finding, message=f"{finding.message} ({flaw})")


def _of(file: Path) -> dict[int, Allowance]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return allowances(text) if "holdfast:" in text else {}
