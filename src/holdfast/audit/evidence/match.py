"""Which finding a stack of the evidence belongs to: by file and function, the line breaking ties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from holdfast.audit.evidence.observed import Frame
from holdfast.audit.evidence.where import Files, same_function
from holdfast.audit.finding import Finding, Step

__all__ = ["Match", "holds_the_loop", "same_route"]

_TRANSPARENT = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
"""Functions that Python makes of an expression: what they do, the function around them does."""

_STATEMENT = 3
"""Lines: a call may be told at any line of the statement that it stands in."""


class Match:
    """Finds among `findings` those about what holds the loop; `files` are all files of the source."""

    def __init__(self, findings: Sequence[Finding], files: Files) -> None:
        self._findings = findings
        self._files = files
        self._steps: dict[tuple[str, str], list[tuple[int, Step]]] = defaultdict(list)
        for number, finding in enumerate(findings):
            for step in finding.chain:
                self._steps[step.file, _last(step.function)].append((number, step))

    def held(self, place: Frame, frames: Sequence[Frame], route: str = "") -> int | None:
        """Return the number of the finding that says why the loop stood still at `place`.

        Best is one whose chain ends in that function; else one with a step at that very line, as where the
        stack ended before it came to the service's own code. Where the whole stack is known, the place on
        the loop has to be in it; then the route and the nearest line decide.
        """
        ranked = []
        for number, step in self._at(place):
            finding = self._findings[number]
            if not holds_the_loop(finding):
                continue
            ends_here = step == finding.chain[-1]
            if not ends_here and step.line != place.line:
                continue
            if len(frames) > 1 and not self._has(frames, finding.file, finding.function):
                continue
            strange = bool(route and finding.entry and not same_route(finding.entry, route))
            ranked.append((not ends_here, strange, abs(step.line - place.line), number))
        return min(ranked)[-1] if ranked else self._computing(frames)

    def _computing(self, frames: Sequence[Frame]) -> int | None:
        """Return the number of a finding that computes by itself, without a sink, below which a stack ends:
        what its loop calls is its doing."""
        for frame in frames:
            for number, step in self._at(frame):
                finding = self._findings[number]
                if holds_the_loop(finding) and not finding.sink and step == finding.chain[-1]:
                    return number
        return None

    def sampled(self, frames: Sequence[Frame]) -> int | None:
        """Return the number of the finding whose sink a sample was in: nearer than a statement, as samples
        are of everything that a function does."""
        own = next((frame for frame in frames if self._is_own(frame)), None)
        if own is None:
            return None
        number = self.held(own, frames)
        if number is None or not own.line or not self._findings[number].sink:
            return number
        step = self._findings[number].chain[-1]
        return number if abs(step.line - own.line) <= _STATEMENT else None

    def ran(self, frames: Sequence[Frame]) -> set[int]:
        """Return the numbers of the findings whose function is on a stack."""
        return {
            number
            for frame in frames
            for number, step in self._at(frame)
            if _is_place(self._findings[number], step)
        }

    def is_of_source(self, frame: Frame) -> bool:
        """Whether a frame is the project's own code."""
        return bool(self._files.like(frame.file))

    def _is_own(self, frame: Frame) -> bool:
        return not frame.function.endswith(_TRANSPARENT) and self.is_of_source(frame)

    def _has(self, frames: Sequence[Frame], file: str, function: str) -> bool:
        return any(
            same_function(frame.function, function) and file in self._files.like(frame.file)
            for frame in frames
        )

    def _at(self, frame: Frame) -> Iterator[tuple[int, Step]]:
        for file in self._files.like(frame.file):
            for number, step in self._steps.get((file, _last(frame.function)), ()):
                if same_function(step.function, frame.function):
                    yield number, step


def same_route(entry: str, route: str) -> bool:
    """Whether the entry of a chain ("GET /orders/{key}") may be a route as requests were counted by it.

    A parameter of the entry is anything, and a router's own path is the end of the whole one.
    """
    method, _, path = entry.partition(" ")
    other, _, whole = route.partition(" ")
    parts, wholes = path.strip("/").split("/"), whole.partition("?")[0].strip("/").split("/")
    if method != other or len(parts) > len(wholes):
        return False
    return all(
        one == same or one.startswith("{")
        for one, same in zip(reversed(parts), reversed(wholes), strict=False)
    )


def holds_the_loop(finding: Finding) -> bool:
    """The rules HF1xx are about what holds the loop; other harm does not show as a stall."""
    return finding.rule.startswith("HF1")


def _is_place(finding: Finding, step: Step) -> bool:
    return step.function == finding.function and step.file == finding.file


def _last(function: str) -> str:
    return function.rpartition(".")[2]
