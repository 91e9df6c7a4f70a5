"""`holdfast check`: everything that is asked before a change goes out, in one."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from holdfast import check as checks
from holdfast.budget.document import FILE, find
from holdfast.check import Answer, Tool
from holdfast.cli.outcome import outcome
from holdfast.clock import monotonic
from holdfast.errors import UsageError

__all__ = ["check"]


class Name(StrEnum):
    """What is checked, in this order."""

    TYPES = "types"
    LINT = "lint"
    TESTS = "tests"
    BOOT = "boot"
    AUDIT = "audit"
    GATE = "gate"


MEANING = {
    0: "ok",
    1: "failed",
    2: "called wrongly",
    3: "a number is missing",
    4: "does not boot",
    5: "not decided",
}


def check(
    app: Annotated[
        str | None, typer.Argument(metavar="APP", help="MODULE:ATTRIBUTE; default: the budget's service.app.")
    ] = None,
    budget: Annotated[
        Path | None, typer.Option(help="The budget; default: holdfast.toml here or above.")
    ] = None,
    env: Annotated[str | None, typer.Option(help="The environment of the budget to lay over it.")] = None,
    only: Annotated[list[Name] | None, typer.Option(help="Only this; repeatable.")] = None,
    skip: Annotated[list[Name] | None, typer.Option(help="All but this; repeatable.")] = None,
) -> int:
    """Run types, lint, tests, boot, audit and gate, and tell in one table what each of them said.

    Types, lint and tests are those that the project configures: mypy or pyright, ruff, pytest. Each is run
    by the interpreter that runs this. What is skipped says why.

    Ends with the worst of their exit codes: 2 a mistake in the call, in a file or a tool that is configured
    and not installed, 4 the service does not boot, 1 something failed, 3 a number is missing, 5 not decided
    or nothing was run, 0 all is well; 130 after Ctrl-C.
    """
    if both := set(only or ()) & set(skip or ()):
        raise UsageError(f"contradicts --only: {min(both)}", place="--skip")
    answers: list[Answer] = []
    console = Console(highlight=False)
    for name in Name:
        if (only and name not in only) or name in (skip or ()):
            answers.append(Answer(name, None, "--skip" if not only else "--only"))
            continue
        console.rule(name, align="left")
        answers.append(_answer(name, app, budget, env, answers))
        sys.stdout.flush()
    _show(answers, console)
    return checks.worst(answers)


def _answer(
    name: Name, app: str | None, budget: Path | None, env: str | None, before: list[Answer]
) -> Answer:
    tools: dict[Name, Callable[[Path], Tool | None]] = {
        Name.TYPES: checks.types,
        Name.LINT: checks.lint,
        Name.TESTS: checks.tests,
    }
    if name in tools:
        tool = tools[name](Path.cwd())
        return (
            checks.run(name, tool, Path.cwd()) if tool else Answer(name, None, "the project configures none")
        )
    if name is Name.AUDIT:
        return _ours(name, _audit)
    if budget is None and "HOLDFAST_BUDGET" not in os.environ and find(Path.cwd()) is None:
        return Answer(name, None, f"there is no {FILE}")
    if name is Name.BOOT:
        return _ours(name, partial(_boot, app, budget, env))
    if any(each.name == Name.BOOT and each.code for each in before):
        return Answer(name, None, "the service does not boot")
    return _ours(name, partial(_gate, app, budget, env))


def _ours(name: Name, verb: Callable[[], int | None]) -> Answer:
    """Run a verb of ours: its errors become its exit code, as they do on the command line."""
    began = monotonic()
    code = outcome(verb)
    if code == 130:
        raise KeyboardInterrupt
    return Answer(name, code, "" if name is Name.BOOT else f"holdfast {name}", monotonic() - began)


def _audit() -> int:
    from holdfast.cli.audit import audit

    return audit()


def _boot(app: str | None, budget: Path | None, env: str | None) -> None:
    from holdfast.budget import load
    from holdfast.cli.gate import app_of
    from holdfast.gate.conduct import Options
    from holdfast.gate.conduct.boot import boot

    loaded = load(budget, environment=env)
    asyncio.run(boot(loaded, Options(app_of(app, loaded), environ=os.environ)))
    print("the service is ready, and stopped again")


def _gate(app: str | None, budget: Path | None, env: str | None) -> int:
    from holdfast.cli.gate import gate

    return gate(app, budget, env)


def _show(answers: list[Answer], console: Console) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("check", "outcome", "exit", "seconds", ""):
        table.add_column(heading, justify="right" if heading in ("exit", "seconds") else "left")
    for each in answers:
        if each.code is None:
            table.add_row(each.name, "skipped", "", "", each.why)
        else:
            table.add_row(each.name, MEANING[each.code], str(each.code), f"{each.seconds:.1f}", each.why)
    console.rule("all", align="left")
    console.print(table)
