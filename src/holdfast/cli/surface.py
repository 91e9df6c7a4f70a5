"""The Typer application, with only the called verb imported.

The other verbs stand in the list with their summaries alone, so that `holdfast serve` never pays for (nor
fails by) what `holdfast gate` imports.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer

from holdfast.cli import VERBS
from holdfast.cli.outcome import outcome
from holdfast.version import __version__

__all__ = ["application"]


def application(called: str | None) -> typer.Typer:
    """Build the command line for a call of the verb `called` (None: no verb, only the overview)."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="A FastAPI service that holds its SLO under load and failure - and the proof.",
        epilog="Exit codes: 0 pass, 1 objective missed, 2 usage, 3 number missing, 4 did not boot, "
        "5 not decided, 130 interrupted.",
    )
    app.callback()(overview)
    for name, verb in VERBS.items():
        if name == called:
            function = getattr(import_module(verb.module), name)
            app.command(name, short_help=verb.summary)(ending(function))
        else:
            app.command(name, short_help=verb.summary)(elsewhere)
    return app


def ending(function: Callable[..., int | None]) -> Callable[..., None]:
    """Wrap a verb: what it returns or raises becomes the exit code."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        raise SystemExit(outcome(functools.partial(function, *args, **kwargs)))

    return run


def elsewhere() -> None:
    """Stand for a verb that was not called."""


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(f"holdfast {__version__}")
        raise typer.Exit


def overview(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that belong to no verb."""
