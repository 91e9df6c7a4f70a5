"""`holdfast audit`: what will hurt in production, found by reading."""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.audit import Confidence, Severity, baseline
from holdfast.audit import audit as read
from holdfast.audit import cache as caches
from holdfast.audit.report.document import Asked, document
from holdfast.audit.report.render import Form, rendered
from holdfast.audit.selection import Selection, select
from holdfast.audit.sources import Sources
from holdfast.audit.words import many
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from holdfast.audit.evidence.join import Joined
    from holdfast.audit.finding import Finding
    from holdfast.audit.proposal import Proposal

__all__ = ["audit"]


class Level(StrEnum):
    """A severity or a confidence, as a word."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


def audit(
    path: Annotated[Path, typer.Argument(help="The project's folder, or one file.")] = Path(),
    fail_on: Annotated[Level, typer.Option(help="The severity from which findings fail.")] = Level.HIGH,
    confidence: Annotated[
        Level, typer.Option(help="The confidence from which they are shown.")
    ] = Level.MEDIUM,
    tests: Annotated[bool, typer.Option("--tests", help="Read the project's tests too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    form: Annotated[Form, typer.Option("--format", help="How the findings are told.")] = Form.TEXT,
    out: Annotated[Path | None, typer.Option(help="A file for them, instead of standard output.")] = None,
    evidence: Annotated[
        list[Path] | None,
        typer.Option(help="A stall log, a result of the gate, or a profile of py-spy or austin; repeatable."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only what lines touch that changed since this revision of git.")
    ] = None,
    known: Annotated[
        Path | None, typer.Option("--baseline", help="A file of findings that are known and do not fail.")
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option(help="Write all that is found to this file, and end with 0.")
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Write the safe fixes, and tell what remains.")] = False,
    diff: Annotated[
        bool,
        typer.Option("--diff", help="Print all fixes as diffs instead; with --format, put them into it."),
    ] = False,
    cache: Annotated[
        Path | None,
        typer.Option(help="A folder for what was read; default: in the user's folder of caches."),
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep nothing, and read all anew.")] = False,
) -> int:
    """Read a FastAPI project, without running it, and tell what will hurt in production.

    Follows calls through the whole program: each finding shows the chain from the route to the call that
    hurts, and what to do. With --evidence, what was measured comes first. --fix writes what an audit of the
    result confirms; --diff shows that, and what only its reader can decide.

    Ends with 0 when nothing new at or above --fail-on was found, 1 when something was, 2 for a mistake in
    the call or in a file that it names.
    """
    if no_cache and cache is not None:
        raise UsageError("contradicts --cache", place="--no-cache")
    kept = None if no_cache else cache if cache is not None else caches.folder()
    found = read(path, tests=tests, cache=kept)
    gc.freeze()  # the process ends soon: no need to look for garbage among what was read
    sources = Sources(path)
    least = Confidence[confidence.name]
    if write_baseline is not None:
        sure = [finding for finding in found.findings if finding.confidence >= least]
        count = baseline.write(write_baseline, sure, sources)
        print(f"{write_baseline}: {many(count, 'finding')}")
        return 0
    selection = select(found, sources, confidence=least, known=known, reference=since)
    asked = Asked(Severity[fail_on.name], str(known or ""), since or "")
    shape = Form.JSON if as_json else form
    proposals: dict[Finding, Proposal] = {}
    if fix or diff:
        from holdfast.audit import fix as fixes  # needs libcst, and nothing else here does

        if diff and shape is Form.TEXT:
            _say(fixes.show(path, selection.findings, tests=tests, cache=kept), out)
            return int(selection.fails(asked.fail_on))
        if diff:
            proposals = fixes.propose(path, selection.findings, tests=tests, cache=kept)
        else:
            for line in fixes.apply(path, selection.findings, tests=tests, cache=kept):
                print(line, file=sys.stderr)
            found, sources = read(path, tests=tests, cache=kept), Sources(path)
            selection = select(found, sources, confidence=least, known=known, reference=since)
    joined = _joined(selection, evidence, sources, tests=tests) if evidence else None
    result = document(found, selection, joined, proposals=proposals, asked=asked, sources=sources)
    _say(rendered(result, shape), out)
    return int(selection.fails(asked.fail_on))


def _joined(selection: Selection, files: list[Path], sources: Sources, *, tests: bool) -> Joined:
    # What reads the guard's and the gate's documents is needed for evidence only.
    from holdfast.audit.evidence.join import join
    from holdfast.audit.evidence.read import read as read_evidence
    from holdfast.audit.evidence.where import Files
    from holdfast.audit.source.find import find

    audited = Files(found.path for found in find(sources.root, tests=tests))
    return join(selection.findings, read_evidence(files), audited, sources)


def _say(text: Iterable[str], out: Path | None) -> None:
    if out is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # code may hold what a terminal cannot show
        for line in text:
            print(line)
        return
    try:
        out.write_text("".join(f"{line}\n" for line in text), encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", place=f"--out {out}") from None
