"""[dependency.NAME.replica]: a copy of another database, which answers what is only read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from holdfast.budget.metadata import Decision, Fact, Option
from holdfast.budget.model.references import AURORA_REPLICAS, OWN_MEASUREMENT
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.path import dotted
from holdfast.budget.units import Duration

if TYPE_CHECKING:
    from holdfast.budget.model.dependency.dependency import Dependency

__all__ = ["DATABASES", "Replica", "check_replicas"]

DATABASES = ("postgres", "mysql", "sqlite")
"""Kinds that are asked in SQL."""


class Replica(Section):
    """A copy of another database, which answers what is only read."""

    of: Annotated[
        str,
        Fact(
            "The dependency that this one copies, of the same kind: where all is written, and read wherever "
            "no replica will do."
        ),
    ]
    lag: Annotated[
        Duration | None,
        Decision(
            "How old may what it answers be?",
            "A replica is behind by as much as it has not replayed yet. One that is further behind is not "
            "asked, and whoever has written within this time reads where he wrote.",
            "product",
            (
                Option("2s", "a multiple of the lag that was measured at the peak", OWN_MEASUREMENT),
                Option("100ms", "what replicas on shared storage usually stay below", AURORA_REPLICAS),
            ),
            required=True,
        ),
    ] = None


def check_replicas(dependencies: Mapping[str, Dependency]) -> None:
    """Raise where a replica copies what is no database of its kind, or is itself a copy."""
    for name, section in dependencies.items():
        if section.replica is None:
            continue
        at = dotted(("dependency", name, "replica", "of"))
        of = section.replica.of
        copied = dependencies.get(of)
        if copied is None:
            raise contradiction(f'no dependency is named "{of}"; known: {", ".join(dependencies)}', at)
        if section.kind not in DATABASES or section.kind != copied.kind:
            message = f'"{name}" is of kind {section.kind}, and "{of}", of which it is a copy, {copied.kind}'
            raise contradiction(message, at)
        if copied.replica is not None:
            raise contradiction(f'"{of}" is a replica itself: expected "{copied.replica.of}"', at)
