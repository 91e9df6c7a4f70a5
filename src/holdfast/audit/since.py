"""What changed since a revision of git, and which findings that touches."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from holdfast.audit.finding import Finding
from holdfast.errors import UsageError

__all__ = ["Lines", "changed", "touches"]

Lines = Mapping[str, Collection[int]]
"""Changed lines by file, relative to the audited folder."""

_HUNK = re.compile(r"@@ -\d+(?:,(?P<gone>\d+))? \+(?P<first>\d+)(?:,(?P<count>\d+))? @@")


def changed(root: Path, reference: str) -> Lines:
    """Return the lines below `root` that were changed since the working tree left `reference`.

    What happened on `reference` after that is not counted, what is not committed yet is; of a file that git
    does not know every line is changed. Where lines were only removed, their neighbours count. Raises
    `UsageError` without a repository or without that revision.
    """
    folder = root if root.is_dir() else root.parent
    if reference.startswith("-"):
        raise UsageError("is no revision", place=f"--since {reference}")
    diff = _git(
        folder,
        reference,
        *("-c", "core.quotePath=false", "diff", "--merge-base", "--relative", "--unified=0", "--no-color"),
        *("--no-ext-diff", "--no-prefix", "--no-renames", reference, "--"),
    )
    lines: dict[str, Collection[int]] = {file: set(numbers) for file, numbers in _files(diff)}
    others = _git(folder, reference, "ls-files", "--others", "--exclude-standard", "-z")
    return lines | dict.fromkeys(filter(None, others.split("\0")), range(1, 1 << 31))


def touches(finding: Finding, lines: Lines) -> bool:
    """Whether its place, or a step of its chain, is a changed line."""
    places = [(finding.file, finding.line), *((step.file, step.line) for step in finding.chain)]
    return any(line in lines.get(file, ()) for file, line in places)


def _files(diff: str) -> Iterator[tuple[str, set[int]]]:
    """Yield each file of a diff without context, with its new lines."""
    file, numbers, inside = "", set[int](), 0
    for text in diff.split("\n"):
        if inside:  # a line of the source, which may look like anything
            inside -= not text.startswith("\\")
        elif text.startswith("+++ "):
            if file:
                yield file, numbers
            file, numbers = text[4:].rstrip("\t"), set()
        elif (hunk := _HUNK.match(text)) is not None:
            first, count = int(hunk["first"]), int(hunk["count"] or 1)
            numbers.update(range(first, first + count) if count else (first, first + 1))
            inside = int(hunk["gone"] or 1) + count
    if file:
        yield file, numbers


def _git(folder: Path, reference: str, *words: str) -> str:
    place = f"--since {reference}"
    command = ["git", "-C", str(folder), *words]
    try:
        ended = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - words of our own
    except FileNotFoundError:
        raise UsageError("needs git, which is not installed", place=place) from None
    if ended.returncode:
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"git says: {said[0] if said else ended.returncode}", place=place)
    return ended.stdout.decode(errors="surrogateescape")
