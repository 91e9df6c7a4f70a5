"""`holdfast ci`: the workflow that runs all this before a change is merged."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from holdfast.budget import Loaded, load
from holdfast.errors import UsageError
from holdfast.serve.options import checked_app

__all__ = ["ci"]

FILE = Path(".github/workflows/holdfast.yml")


def ci(
    app: Annotated[
        str | None, typer.Argument(metavar="APP", help="MODULE:ATTRIBUTE; default: the budget's service.app.")
    ] = None,
    budget: Annotated[Path | None, typer.Option(help="The budget; default: holdfast.toml here.")] = None,
    env: Annotated[
        str | None,
        typer.Option(help="The environment of the budget to lay over it; default: ci, if it has one."),
    ] = None,
    install: Annotated[
        str | None, typer.Option(help="The command that installs the project; default: by its files.")
    ] = None,
    branch: Annotated[str, typer.Option(help="The branch whose pushes are gated.")] = "main",
    timeout: Annotated[int, typer.Option(min=1, max=360, help="Minutes that a job may take.")] = 30,
    no_sarif: Annotated[
        bool, typer.Option("--no-sarif", help="Upload no findings: the repository has no code scanning.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a workflow that says something else.")
    ] = False,
    show: Annotated[bool, typer.Option("--print", help="Print the workflow, and write nothing.")] = False,
) -> int:
    """Write a workflow of GitHub Actions for this project: .github/workflows/holdfast.yml.

    It runs plan, audit and gate on each push and pull request, and compare on a pull request where the budget
    has [regression]. Call it at the root of the repository. What a dependency lacks in CI is said on standard
    error.

    Ends with 0 when the workflow is written, or is there and says just this; with 2 for a mistake in the
    call, in the budget or in the project's files, and when it is there and says something else.
    """
    from holdfast.ci import Asked, read, text, unserved, workflow

    _require_root(Path.cwd())
    loaded = _loaded(budget, env)
    if app is not None:
        checked_app(app)
    elif loaded.budget.service.app is None:
        raise UsageError("name the app, or write it into the budget", place="service.app")
    project = read(Path.cwd(), install=install)
    asked = Asked(app or "", _inside(budget), branch, timeout, not no_sarif)
    written = text(workflow(project, loaded, asked))
    for line in unserved(loaded):
        print(line, file=sys.stderr)
    if show:
        print(written, end="")
    else:
        print(f"{FILE}: {_write(written, force=force)}")
    return 0


def _loaded(budget: Path | None, env: str | None) -> Loaded:
    # As CI will read it: without what is set in the shell of whoever calls this.
    loaded = load(budget, environment=env, environ={})
    if env is None and "ci" in loaded.overlays:
        return load(budget, environment="ci", environ={})
    return loaded


def _require_root(folder: Path) -> None:
    """Refuse a folder below the root of a repository: GitHub looks for workflows there only."""
    for above in folder.parents:
        if (above / ".git").exists() and not (folder / ".git").exists():
            raise UsageError(f"call it at the root of the repository: {above}", place=str(folder))


def _inside(budget: Path | None) -> str:
    if budget is None:
        return ""
    try:
        return str(budget.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        raise UsageError("lies outside of the repository", place=f"--budget {budget}") from None


def _write(text: str, *, force: bool) -> str:
    """Write the workflow; returns what became of it."""
    try:
        before = FILE.read_text(encoding="utf-8", errors="replace") if FILE.exists() else None
        if before == text:
            return "says this already"
        if before is not None and not force:
            raise UsageError(
                "is there and says something else: see --print, and --force to overwrite it", place=str(FILE)
            )
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", place=str(FILE)) from None
    return "written" if before is None else "written anew"
