"""The command line: one file a verb, imported when that verb is called.

Each verb is a function named like the verb in a module of its own; its parameters are the command's, its
docstring is the help, and what it returns is the exit code (None is 0). Errors leave it as exceptions:
`holdfast.cli.outcome` turns them into one line and a code, so that no verb prints a traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["VERBS", "Verb", "main"]


# A tuple and no dataclass, and imports inside `main`: what is imported before it runs cannot be interrupted
# without a traceback, so it is next to nothing.
class Verb(NamedTuple):
    """Where a verb lives and what the list of verbs says of it."""

    module: str
    summary: str


VERBS: dict[str, Verb] = {
    "serve": Verb(
        "holdfast.cli.serve", "Run a service under supervision: probes, drain, blocked workers killed."
    ),
    "plan": Verb("holdfast.cli.plan", "Show every number, where it was decided, and what is missing."),
    "audit": Verb(
        "holdfast.cli.audit", "Read a project and find what will hurt, with the chain that proves it."
    ),
    "explain": Verb(
        "holdfast.cli.explain", "Say what a rule of the audit finds, why, and what is good instead."
    ),
    "traffic": Verb("holdfast.cli.traffic", "Read what users send from a log, as a budget says it."),
    "gate": Verb(
        "holdfast.cli.gate", "Load a service, break its dependencies, and judge it against its budget."
    ),
    "capacity": Verb(
        "holdfast.cli.capacity",
        "Find the highest rate that one replica holds, and the headroom over the peak.",
    ),
    "compare": Verb(
        "holdfast.cli.compare", "Say whether a build costs more than the one before it, and by how much."
    ),
    "check": Verb(
        "holdfast.cli.check", "Run types, lint, tests, boot, audit and gate, and tell it in one table."
    ),
    "ci": Verb("holdfast.cli.ci", "Write the workflow of GitHub Actions that runs all this."),
    "demo": Verb("holdfast.cli.demo", "See a fragile and a held service side by side under the same gate."),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (see `holdfast.cli.outcome`)."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        from holdfast.cli.outcome import outcome

        return outcome(lambda: _run(words))
    except KeyboardInterrupt:  # outside of `outcome`, which answers all others
        return 130


def _run(words: Sequence[str]) -> int:
    try:
        from holdfast.cli.surface import run
    except ModuleNotFoundError as error:
        from holdfast.cli.outcome import import_failure

        return import_failure(error, extra="cli")
    return run(words)
