"""`holdfast serve`: run a service under supervision."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Annotated

import typer

from holdfast.errors import UsageError
from holdfast.policy.mode import Mode
from holdfast.serve.options import BOOT, Options
from holdfast.serve.resolve import app_of, budget_of, numbers_of, server_of, trusted_of
from holdfast.serve.supervisor.say import say
from holdfast.serve.supervisor.shell import serve as run
from holdfast.service.health.config import HealthConfig
from holdfast.telemetry.buckets import bounds_with

__all__ = ["serve"]


def serve(
    app: Annotated[
        str | None, typer.Argument(metavar="APP", help="MODULE:ATTRIBUTE; default: the budget's service.app.")
    ] = None,
    budget: Annotated[
        Path | None, typer.Option(help="The budget; default: holdfast.toml here or above.")
    ] = None,
    env: Annotated[str | None, typer.Option(help="The environment of the budget to lay over it.")] = None,
    host: Annotated[str, typer.Option(help="Where the service listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes any free port.")] = 8000,
    admin_host: Annotated[
        str, typer.Option(help="Where probes, metrics and state are answered.")
    ] = "127.0.0.1",
    admin_port: Annotated[int, typer.Option(help="0 takes any free port.")] = 8001,
    workers: Annotated[
        int | None, typer.Option(help="Default: the budget's, else one for each core granted.")
    ] = None,
    server: Annotated[
        str | None, typer.Option(help="gunicorn, uvicorn or granian; default: the budget's, else gunicorn.")
    ] = None,
    boot: Annotated[float, typer.Option(help="Seconds until a worker has to serve.")] = BOOT,
    stall_log: Annotated[
        Path | None, typer.Option(envvar="HOLDFAST_STALL_LOG", help="A file for every stall, as JSON lines.")
    ] = None,
    verbose: Annotated[bool, typer.Option(help="Show all that the service writes while it boots.")] = False,
) -> int:
    """Run a service under supervision: Gunicorn with Uvicorn workers, Uvicorn or Granian, watched.

    The admin port answers /livez, /readyz, /startupz, /metrics and /state for all workers, whatever they do.
    A worker whose loop stands still is killed and replaced, its line named. SIGTERM drains: unready,
    announced, then finished. SIGHUP replaces the workers, one after the other. Without a budget everything
    only observes.

    Ends with 0 after SIGTERM, 130 after Ctrl-C, 2 for a mistake in the call or the budget, 4 when the
    service does not boot, 1 when the server dies.
    """
    if not 0 < boot < math.inf:
        raise UsageError(f"expected seconds above 0, not {boot:g}", place="--boot")
    loaded = budget_of(budget, env)
    count, announce, grace = numbers_of(workers, loaded)
    service = loaded.budget.service
    options = Options(
        app=app_of(app, loaded),
        workers=count,
        workers_said=workers is not None,
        host=host,
        port=port,
        admin_host=admin_host,
        admin_port=admin_port,
        boot=boot,
        kill=loaded.budget.loop.kill,
        kill_mode=Mode(loaded.budget.loop.mode),
        stall=loaded.budget.loop.stall,
        announce=announce,
        grace=grace,
        keepalive=service.keepalive,
        max_requests=service.max_requests,
        jitter=int(service.max_requests * service.max_requests_jitter),
        server=server_of(server, loaded),
        proxies=trusted_of(loaded),
        health=HealthConfig.from_budget(loaded.budget),
        stall_log=stall_log,
        verbose=verbose,
        budget=loaded.path,
        environment=loaded.environment,
        bounds=bounds_with(loaded.budget.objective.thresholds),
    )
    for ignored in _ignored():
        say(f"{ignored} is not read: what runs is what the budget says")
    return run(options)


def _ignored() -> list[str]:
    found = ["gunicorn.conf.py"] if Path("gunicorn.conf.py").exists() else []
    return found + [name for name in ("GUNICORN_CMD_ARGS", "FORWARDED_ALLOW_IPS") if os.environ.get(name)]
