"""`holdfast capacity`: how much does one replica hold?"""

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

__all__ = ["capacity"]


def capacity(
    app: Annotated[
        str | None, typer.Argument(metavar="APP", help="MODULE:ATTRIBUTE; default: the budget's service.app.")
    ] = None,
    budget: Annotated[
        Path | None, typer.Option(help="The budget; default: holdfast.toml here or above.")
    ] = None,
    env: Annotated[str | None, typer.Option(help="The environment of the budget to lay over it.")] = None,
    out: Annotated[Path, typer.Option(help="The folder for capacity.json.")] = Path("holdfast-report"),
    seed: Annotated[int, typer.Option(help="Decides every arrival and every request in advance.")] = 1,
    boot: Annotated[float, typer.Option(help="Seconds until the service has to be ready.")] = 60.0,
) -> int:
    """Find the highest rate at which one replica keeps its objectives, and what that leaves above the peak.

    Rates go up by half from what the peak takes of one replica, until an objective is missed twice, then by
    halves between. What was found is driven once more, for longer, before it is told.

    Ends with 0 when the peak is held, 1 when it is not, 2 for a mistake in the call or the budget, 3 when a
    number is missing, 4 when the service does not boot, 5 when it could not be measured, 130 after Ctrl-C.
    """
    if not 0 < boot < math.inf:
        raise UsageError(f"expected seconds above 0, not {boot:g}", place="--boot")
    require_seed(seed)
    from holdfast.gate import capacity as search
    from holdfast.gate.conduct import Options
    from holdfast.gate.report.text.capacity import render

    loaded = load(budget, environment=env)
    console = Console()
    folder = writable(out)
    options = Options(app_of(app, loaded), seed, os.environ, boot)
    with shown_live(console) as (live, runner):
        result = runner.run(search.run(loaded, options, live))
    result.write(folder / "capacity.json")
    render(result, console)
    console.print(f"\nresult: {folder / 'capacity.json'}", highlight=False)
    return result.verdict.exit_code
