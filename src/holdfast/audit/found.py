"""What the rules find: all at once, or module by module where there is a memory of the audit before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from holdfast.audit.finding import Confidence, Finding, Severity, Step
from holdfast.audit.graph.kept import Kept
from holdfast.audit.memory import Memory
from holdfast.audit.part import Bits, Part
from holdfast.audit.rules.rule import Rule
from holdfast.audit.standing import Standing
from holdfast.audit.whole import Whole

__all__ = ["Found"]

_Plain = tuple[Any, ...]


class Found:
    """Findings of `rules` in `whole`, those of rules by module taken from `memory` where they still hold."""

    def __init__(self, whole: Whole, rules: Sequence[Rule], memory: Memory) -> None:
        self._whole, self._memory = whole, memory
        self._local = [rule for rule in rules if rule.by_module]
        self._global = [rule for rule in rules if not rule.by_module]
        self._questions = list(dict.fromkeys(question for rule in self._global for question in rule.gathers))
        self._names = tuple(rule.code for rule in rules if rule.by_module or rule.gathers)
        self._bits = Bits(len(whole.program.paths))
        self._standing = Standing(whole)
        dirty = memory.dirty | self._changes()
        self._kept = Kept(whole.inference.queries, whole.inference.fact, memory.found, dirty)

    def __iter__(self) -> Iterator[Finding]:
        numbers = range(len(self._whole.program.paths))
        known = [self._kept.ask(number, self._names, self._in, number) for number in numbers]
        for findings, _ in known:
            yield from map(_finding, findings)
        for place, question in enumerate(self._questions):
            self._whole.answers[question] = [answers[place] for _, answers in known]
        for rule in self._global:
            yield from rule.find(self._whole)

    def save(self) -> None:
        """Keep what was found, and all that it was made of."""
        inference, memory = self._whole.inference, self._memory
        numbers = range(len(self._whole.program.paths))
        standing = {number: self._standing[number] for number in numbers}
        changed = {number: one for number, one in standing.items() if one != memory.standing(number)}
        memory.save(inference.kept, self._kept, changed, self._whole.served)

    def _in(self, number: int) -> tuple[_Plain, _Plain]:
        """Return what rules by module find in a module, and what it answers to the others."""
        part, bits = Part(self._whole, number, self._bits), self._bits
        self._whole.inference.queries.read |= bits.text(number) | bits.edges(number) | bits.ways(number)
        findings = tuple(_plain(finding) for rule in self._local for finding in rule.find(part))
        return findings, tuple(question(part) for question in self._questions)

    def _changes(self) -> int:
        """Return the bits of what is not as it was, of those that only rules read."""
        bits, memory = self._bits, self._memory
        dirty = bits.served if self._whole.served != memory.served else 0
        for number in memory.project.changed:
            dirty |= bits.text(number)
        for number in range(len(self._whole.program.paths)):
            edges, ways, leads = memory.standing(number) or (None, None, None)
            if edges != self._standing[number][0]:
                dirty |= bits.edges(number)
            if ways != self._standing[number][1]:
                dirty |= bits.ways(number)
            if leads != self._standing[number][2]:
                dirty |= bits.leads(number)
        return dirty


def _plain(finding: Finding) -> _Plain:
    steps = tuple((one.file, one.line, one.function, one.calls) for one in finding.chain)
    return (
        *(finding.rule, int(finding.severity), int(finding.confidence), finding.file, finding.line),
        *(finding.column, finding.message, steps, finding.fix),
    )


def _finding(plain: _Plain) -> Finding:
    rule, severity, confidence, file, line, column, message, steps, fix = plain
    chain = tuple(Step(*one) for one in steps)
    return Finding(rule, Severity(severity), Confidence(confidence), file, line, column, message, chain, fix)
