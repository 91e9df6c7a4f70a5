"""From findings to changed texts: fixes are put together, audited anew, and kept when they hold.

A batch of fixes holds when exactly the findings that it is for are gone: none stays, none is new, and none is
hidden by the way. Of one that does not hold, the fixes in the functions that speak against it are tried
apart, else its halves, until the one to blame is alone. What is left when no more holds is the result, so
that a second run finds nothing to do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.fix.case import Case, Drafts
from holdfast.audit.fix.catalogue import FIXERS
from holdfast.audit.fix.draft import Clash
from holdfast.audit.fix.edit import Fix
from holdfast.audit.fix.numbers import Numbers
from holdfast.audit.fix.project import Key, Project, key_of, keys
from holdfast.audit.whole import Whole

__all__ = ["Mended", "Shown", "each", "mend"]

_ALIKE = frozenset({"HF101", "HF102"})
"""Rules about what a thread takes off the loop: one fix may end several of their findings."""

_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """A fix to look at, and the files before and after it; those shown before it are in both."""

    fix: Fix
    before: dict[str, bytes]
    after: dict[str, bytes]


@dataclass(slots=True)
class Mended:
    """`texts`: the changed files by path, as they would be. `refused`: fixes that did not hold, and why.

    `untouched`: files that cannot be changed, and why.
    """

    texts: dict[str, bytes] = field(default_factory=dict)
    applied: list[Fix] = field(default_factory=list)
    refused: list[tuple[Fix, str]] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    untouched: dict[str, str] = field(default_factory=dict)


def mend(project: Project, numbers: Numbers, wanted: Collection[Finding]) -> Mended:
    """Return what fixes for the findings `wanted` make of a project; nothing is written."""
    return _Mending(project, numbers, wanted).run()


def each(project: Project, numbers: Numbers, wanted: Collection[Finding]) -> Iterator[Shown]:
    """Yield the fix of each finding by itself, not audited; nothing is written."""
    return _Mending(project, numbers, wanted).each()


@dataclass(frozen=True, slots=True)
class _Audited:
    """What an audit of `texts` says; `chains`: the files and functions that findings lead through."""

    texts: dict[str, bytes]
    whole: Whole
    findings: list[Finding]
    keys: Counter[Key]
    chains: Mapping[Key, set[tuple[str, str]]]


class _Mending:
    def __init__(self, project: Project, numbers: Numbers, wanted: Collection[Finding]) -> None:
        self._project, self._numbers = project, numbers
        self._least = min((finding.confidence for finding in wanted), default=Confidence.HIGH)
        self._audited = self._audit({})
        self._drafts = Drafts(project, {})
        self._wanted = frozenset(keys(wanted, self._audited.whole))
        self._result = Mended()
        self._refused: dict[tuple[Key, str], str] = {}

    def run(self) -> Mended:
        for _ in range(_ROUNDS):
            self._read()
            fixes = list(self._fixes())
            safe = [fix for fix in fixes if fix.safe and self._mark(fix) not in self._refused]
            done = self._held(safe, []) if safe else []
            if not done:
                break
            self._result.texts.update(self._rendered(done))
            self._result.applied.extend(done)
        open_ = {self._mark(fix): fix for fix in fixes}
        self._result.refused = [(fix, why) for mark, fix in open_.items() if (why := self._refused.get(mark))]
        unsafe = [fix for fix in fixes if not fix.safe]
        self._show([*unsafe, *(replace(fix, check=why) for fix, why in self._result.refused)])
        return self._result

    def each(self) -> Iterator[Shown]:
        self._read()
        for fix in self._fixes():
            with suppress(Clash):
                after = self._rendered([fix])
                yield Shown(fix, {file: self._text(file) for file in after}, after)

    def _read(self) -> None:
        """Take the project as it is by now; mostly that was audited last."""
        texts = dict(self._result.texts)
        if self._audited.texts != texts:
            self._audited = self._audit(texts)
        self._now, self._whole = self._audited, self._audited.whole
        self._drafts = Drafts(self._project, texts, self._drafts)

    def _audit(self, texts: dict[str, bytes]) -> _Audited:
        whole = self._project.whole(texts)
        findings = self._project.findings(whole)
        chains: dict[Key, set[tuple[str, str]]] = defaultdict(set)
        for finding in findings:
            chains[key_of(finding, whole)].update((step.file, step.function) for step in finding.chain)
        return _Audited(texts, whole, findings, keys(findings, whole), chains)

    def _fixes(self) -> Iterator[Fix]:
        """Yield a fix for each finding that one is known for, in the order of the catalogue."""
        wanted = [
            finding
            for finding in self._project.open(self._now.findings, self._result.texts, self._least)
            if key_of(finding, self._whole) in self._wanted
        ]
        for rule, fixers in FIXERS.items():
            for finding in wanted:
                draft = self._drafts.open(finding.file) if finding.rule == rule else None
                if draft is None:
                    continue
                case = Case(finding, self._whole, draft, self._numbers, self._drafts)
                found = next((fix for fixer in fixers if (fix := fixer(case)) is not None), None)
                if found is not None:
                    yield found
        self._result.untouched.update(self._drafts.troubles)

    def _held(self, batch: Sequence[Fix], before: Sequence[Fix]) -> list[Fix]:
        """Return those of `batch` that hold together, and with those `before`."""
        if not batch:
            return []
        try:
            why = self._objections([*before, *batch])
        except Clash as clash:
            if len(batch) == 1 and before:
                return []  # another round will have it by itself
            why = {("", "", ""): str(clash)}
        if not why:
            return list(batch)
        if len(batch) == 1:
            self._refused[self._mark(batch[0])] = next(iter(why.values()))
            return []
        blamed = {key: [fix for fix in batch if self._place(fix) in self._places(key)] for key in why}
        alone = {self._mark(fixes[0]): why[key] for key, fixes in blamed.items() if len(fixes) == 1}
        if alone:
            self._refused.update(alone)
            return self._held([fix for fix in batch if self._mark(fix) not in alone], before)
        suspect = [fix for fix in batch if any(fix in fixes for fixes in blamed.values())]
        if not 0 < len(suspect) < len(batch):
            suspect = list(batch[len(batch) // 2 :])
        held = self._held([fix for fix in batch if fix not in suspect], before)
        return [*held, *self._held(suspect, [*before, *held])]

    def _place(self, fix: Fix) -> tuple[str, str]:
        """Return the file and the function that a fix is for."""
        return key_of(fix.finding, self._whole)[1:]

    def _places(self, key: Key) -> set[tuple[str, str]]:
        """Return the files and functions that findings lead through, before a batch or after it."""
        chains = (one.chains.get(key, set()) for one in (self._now, self._audited))
        return {key[1:]}.union(*chains)

    def _objections(self, fixes: Sequence[Fix]) -> dict[Key, str]:
        """Return why fixes do not hold, by what speaks against them; empty where they do."""
        self._audited = self._audit({**self._result.texts, **self._rendered(fixes)})
        known, left = self._now.keys, self._audited.keys
        fixed = Counter(key_of(fix.finding, self._whole) for fix in fixes)
        why = {}
        for key in sorted({*known, *left}):
            expected = known[key] - fixed[key]
            place = f"{key[0]} in {key[2] or key[1]}"
            if left[key] > expected:
                why[key] = f"it does not end {place}" if fixed[key] else f"it would bring {place}"
            elif left[key] < expected and key[0] not in _ALIKE:
                why[key] = f"it would hide {place}"
        return why

    def _rendered(self, fixes: Sequence[Fix], files: Collection[str] | None = None) -> dict[str, bytes]:
        """Return the texts of `files`, or of all that fixes change."""
        texts = {}
        for file in sorted(files if files is not None else {file for fix in fixes for file in fix.files}):
            draft = self._drafts.open(file)
            if draft is None:
                raise Clash(f"{file} cannot be changed")
            texts[file] = draft.rendered(fixes)
        return texts

    def _mark(self, fix: Fix) -> tuple[Key, str]:
        """Return what tells a fix from others in the next round, when lines have moved."""
        return key_of(fix.finding, self._whole), fix.what

    def _show(self, fixes: Sequence[Fix]) -> None:
        """Put the fixes to look at one on the other; leave out those that do not fit."""
        chosen: list[Fix] = []
        latest: dict[str, bytes] = {}
        for fix in fixes:
            try:
                after = self._rendered([*chosen, fix], fix.files)
            except Clash:
                continue
            before = {file: latest[file] if file in latest else self._text(file) for file in fix.files}
            self._result.shown.append(Shown(fix, before, after))
            latest |= after
            chosen.append(fix)

    def _text(self, file: str) -> bytes:
        text = self._result.texts.get(file)
        return self._project.original(file) if text is None else text
