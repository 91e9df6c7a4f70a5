"""`holdfast gate`: load a service, break its dependencies, and judge it against its budget."""

from __future__ import annotations

import asyncio
import math
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from holdfast.budget import Loaded, load
from holdfast.errors import UsageError
from holdfast.gate.conduct import Options, run
from holdfast.gate.conduct.offer import Replay
from holdfast.gate.report import files, text
from holdfast.gate.report.live import Live
from holdfast.gate.result import GateResult
from holdfast.gate.scenario import FAULTS
from holdfast.serve.options import checked_app

__all__ = ["app_of", "gate", "measured", "require_seed", "shown_live", "writable"]


def gate(
    app: Annotated[
        str | None, typer.Argument(metavar="APP", help="MODULE:ATTRIBUTE; default: the budget's service.app.")
    ] = None,
    budget: Annotated[
        Path | None, typer.Option(help="The budget; default: holdfast.toml here or above.")
    ] = None,
    env: Annotated[str | None, typer.Option(help="The environment of the budget to lay over it.")] = None,
    out: Annotated[Path, typer.Option(help="The folder for gate.json and gate.html.")] = Path(
        "holdfast-report"
    ),
    seed: Annotated[int, typer.Option(help="Decides every arrival and every request in advance.")] = 1,
    boot: Annotated[float, typer.Option(help="Seconds until the service has to be ready.")] = 60.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(help=f"What is done to dependencies, of {', '.join(FAULTS)}; default: all of them."),
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option(help="An access log or HAR file to drive with its own timing, instead of the phases."),
    ] = None,
    speed: Annotated[float, typer.Option(help="How many times as fast as it was recorded.")] = 1.0,
) -> int:
    """Run a service as in production, load it, break its dependencies, and decide whether it may ship.

    Phases: warm-up, steady load at the budget's peak, every dependency failing in each way, overload, and
    after each of them the steady load again. A dependency is found by the environment variable that the
    budget names (url_env), or its stand-in is started; a proxy is put before it.

    Ends with 0 when every objective held, 1 when one was missed, 2 for a mistake in the call or the budget,
    3 when a number is missing (see `holdfast plan`), 4 when the service does not boot, 5 when the machine
    was too noisy or something could not be measured, 130 after Ctrl-C.
    """
    if not 0 < boot < math.inf:
        raise UsageError(f"expected seconds above 0, not {boot:g}", place="--boot")
    require_seed(seed)
    faults, recorded = _faults(fault), _replay(replay, speed, fault)
    loaded = load(budget, environment=env)
    console = Console()
    folder = writable(out)
    options = Options(app_of(app, loaded), seed, os.environ, boot, faults, recorded)
    result = measured(loaded, options, console)
    files.write(result, folder)
    text.render(result, console)
    console.print(f"\nreport: {folder / 'gate.html'}   result: {folder / 'gate.json'}", highlight=False)
    return result.verdict.exit_code


def _faults(given: list[str] | None) -> tuple[str, ...]:
    """Return what is done to dependencies, in the order of FAULTS."""
    unknown = [word for word in given or () if word not in FAULTS]
    if unknown:
        raise UsageError(f"expected one of {', '.join(FAULTS)}, not {unknown[0]}", place="--fault")
    return tuple(word for word in FAULTS if not given or word in given)


def _replay(path: Path | None, speed: float, faults: list[str] | None) -> Replay | None:
    if not 0 < speed < math.inf:
        raise UsageError(f"expected a number above 0, not {speed:g}", place="--speed")
    if path is None:
        if speed != 1:
            raise UsageError("says how fast a recording is driven: name it with --replay", place="--speed")
        return None
    if faults:
        raise UsageError("a replay breaks no dependency", place="--fault")
    return Replay(path, speed)


def measured(loaded: Loaded, options: Options, console: Console, *, title: str = "") -> GateResult:
    """Run the gate on an event loop of its own, shown live on `console`."""
    with shown_live(console, title=title) as (live, runner):
        return runner.run(run(loaded, options, live))


@contextmanager
def shown_live(console: Console, *, title: str = "") -> Iterator[tuple[Live, asyncio.Runner]]:
    """Yield what shows a run on `console` and the loop to run it on; SIGTERM ends it as Ctrl-C does."""
    import uvloop

    with (
        _sigterm_as_interrupt(),
        Live(console, title=title) as live,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        yield live, runner


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM, by which a CI job is cancelled, end the run as tidily as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def require_seed(seed: int) -> None:
    """Refuse what seeds no generator."""
    if seed < 0:
        raise UsageError(f"expected a whole number from 0 up, not {seed}", place="--seed")


def app_of(app: str | None, loaded: Loaded) -> str:
    """Return the app to run: as called, else as the budget says."""
    chosen = app or loaded.budget.service.app
    if chosen is None:
        raise UsageError("name the app, or write it into the budget", place="service.app")
    return checked_app(chosen, "APP" if app else loaded.place("service.app"))


def writable(folder: Path) -> Path:
    """Return `folder`, made if need be; a run of minutes must not end in an unwritable folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".write").touch()
        (folder / ".write").unlink()
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", place=f"--out {folder}") from None
    return folder
