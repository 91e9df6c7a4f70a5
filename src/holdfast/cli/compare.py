"""`holdfast compare`: is this build slower than that one?"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from holdfast.budget import load
from holdfast.cli.gate import app_of, require_seed, shown_live, writable
from holdfast.errors import UsageError

__all__ = ["compare"]


def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The folder of the build to compare with.")],
    app: Annotated[
        str | None, typer.Argument(metavar="APP", help="MODULE:ATTRIBUTE; default: the budget's service.app.")
    ] = None,
    new: Annotated[Path, typer.Option(help="The folder of the build that is judged.")] = Path(),
    budget: Annotated[
        Path | None, typer.Option(help="The budget; default: holdfast.toml here or above.")
    ] = None,
    env: Annotated[str | None, typer.Option(help="The environment of the budget to lay over it.")] = None,
    out: Annotated[Path, typer.Option(help="The folder for regression.json.")] = Path("holdfast-report"),
    seed: Annotated[int, typer.Option(help="Decides every arrival, request and order in advance.")] = 1,
    boot: Annotated[float, typer.Option(help="Seconds until each build has to be ready.")] = 60.0,
) -> int:
    """Run two builds side by side, load them by turns, and say whether the new one costs more than granted.

    Compared are CPU per request, p50 and p99, each by [regression] of the budget, and what fails. A build is
    a folder: a second checkout, for example `git worktree add ../old main`. It is run by its own .venv where
    it has one. Takes between half a minute and two, as the machine's noise needs.

    Ends with 0 when nothing grew by more than is granted, 1 when something did or the new build fails more,
    2 for a mistake in the call or the budget, 3 when nothing is granted yet, 4 when a build does not boot,
    5 when the pairs do not tell, 130 after Ctrl-C.
    """
    if not 0 < boot < math.inf:
        raise UsageError(f"expected seconds above 0, not {boot:g}", place="--boot")
    require_seed(seed)
    from holdfast.gate import regression
    from holdfast.gate.report.text.regression import render

    loaded = load(budget, environment=env)
    chosen = app_of(app, loaded)
    console = Console()
    folder = writable(out)
    builds = [regression.build_at("old", old), regression.build_at("new", new)]
    for build in builds:
        regression.require_own_code(build, chosen, os.environ)
    options = regression.Options(chosen, builds[0], builds[1], seed, os.environ, boot)
    with shown_live(console) as (live, runner):
        result = runner.run(regression.run(loaded, options, live))
    result.write(folder / "regression.json")
    render(result, console)
    console.print(f"\nresult: {folder / 'regression.json'}", highlight=False)
    return result.verdict.exit_code
