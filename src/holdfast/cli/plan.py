"""`holdfast plan`: every number, where it was decided, and what is missing."""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from holdfast.budget import adr as records
from holdfast.budget import load
from holdfast.budget.document import shown
from holdfast.budget.plan.document import plan as planned
from holdfast.budget.plan.text import WIDTH, show

__all__ = ["plan"]


def plan(
    budget: Annotated[
        Path | None, typer.Option(help="The budget; default: holdfast.toml here or above.")
    ] = None,
    env: Annotated[str | None, typer.Option(help="The environment of the budget to lay over it.")] = None,
    adr: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a decision record for each missing number.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> int:
    """Show every number of the budget: its value, where it was decided, what follows from it.

    A number has a source (a document and heading, which must exist and say it), is deferred, overridden by
    the environment, derived by a formula, or the default of a mechanism. Anything else is missing.

    Ends with 0 when everything is decided, 1 when numbers contradict each other or their sources, 2 for a
    mistake in the call or the budget, 3 when a number is missing.
    """
    today = datetime.datetime.now(datetime.UTC).date()
    loaded = load(budget, environment=env)
    result, missing = planned(loaded, today=today)
    written = records.write(loaded, missing, adr, today=today) if adr is not None else []
    if as_json:
        json.dump(result.document(), sys.stdout, indent=1, allow_nan=False)
        sys.stdout.write("\n")
        return result.exit_code
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    show(result, console)
    for file in written:
        console.print(f"wrote {shown(file)}", markup=False)
    return result.exit_code
