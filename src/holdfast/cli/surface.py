"""The Typer application, with only the called verb imported.

The other verbs stand in the list with their summaries alone, so that `holdfast serve` never pays for (nor
fails by) what `holdfast gate` imports.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from holdfast.cli import VERBS
from holdfast.cli.outcome import outcome
from holdfast.errors import UsageError
from holdfast.version import __version__

__all__ = ["application", "run"]

_CallError: type[Exception] = typer.BadParameter.__mro__[1]
"""Click's UsageError: Typer brings a Click of its own or uses the installed one, and names only its child."""


def run(words: Sequence[str]) -> int:
    """Run the command that `words` are; returns its exit code, raises UsageError for a mistake in them."""
    called = next((word for word in words if not word.startswith("-")), None)
    try:
        ended = application(called)(args=list(words), prog_name="holdfast", standalone_mode=False)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except _CallError as error:
        if not words:  # no verb: the error is the help
            error.show()  # type: ignore[attr-defined]
            return UsageError.exit_code
        raise _mistake(error) from None
    return ended if isinstance(ended, int) else 0


def _mistake(error: Any) -> UsageError:
    """Say Click's error as ours: the option first, then what is wrong with it, in one line."""
    param = getattr(error, "param", None)
    place = max(param.opts, key=len) if param is not None and error.message else ""
    said = " ".join((error.message if place else error.format_message()).split())
    return UsageError(said[:1].lower() + said[1:].rstrip("."), place=place)


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
