"""The audit itself: files in, findings out. Nothing of the project is run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from holdfast.audit.beside import doubted
from holdfast.audit.finding import Finding
from holdfast.audit.found import Found
from holdfast.audit.knowledge import knowledge
from holdfast.audit.memory import Memory
from holdfast.audit.rules.catalogue import RULES
from holdfast.audit.rules.rule import Rule
from holdfast.audit.settings.read import read
from holdfast.audit.source.find import find
from holdfast.audit.source.form import Trouble
from holdfast.audit.source.load import Project
from holdfast.audit.source.parallel import quiet
from holdfast.audit.source.store import Store
from holdfast.audit.suppress import without_allowed
from holdfast.audit.unique import unique
from holdfast.audit.whole import Whole

__all__ = ["Audited", "audit"]


@dataclass(slots=True)
class Audited:
    """What was found below `root`; `unread` names the files that could not be read whole."""

    root: Path
    files: int
    lines: int
    findings: list[Finding]
    unread: dict[str, tuple[Trouble, ...]] = field(default_factory=dict)


def audit(
    root: Path,
    rules: Iterable[Rule] = RULES,
    *,
    tests: bool = False,
    cache: Path | None = None,
    today: date | None = None,
) -> Audited:
    """Audit the project at `root`, its `tests` too or not; what was read is kept in the folder `cache`.

    What comments allow is left out, until the day that they name; `today` is the clock's where None. Raises
    `UsageError` when nothing is there, and `BudgetError` when the project's budget has a mistake.
    """
    files, folder = find(root, tests=tests), root.resolve() if root.is_dir() else root.resolve().parent
    with quiet(), Store(cache, str(root.resolve())) as store:
        project = Project(files, store)
        library, settings = knowledge(root), read(root)
        memory = Memory(project, store, library, repr(settings), *folder.parts)
        whole = Whole(project.modules, library, folder.parts[1:], settings, memory)
        found = Found(whole, list(rules), memory)
        allowed = without_allowed(root, found, today or datetime.now(UTC).date())
        findings = list(allowed if tests else doubted(allowed))
        found.save()
    findings.sort(key=lambda one: (-one.severity, -one.confidence, one.file, one.line, one.column, one.rule))
    findings = list(unique(findings))
    return Audited(
        root,
        len(files),
        project.lines,
        findings,
        project.troubles | settings.troubles,
    )
