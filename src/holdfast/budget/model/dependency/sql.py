"""[dependency.NAME.sql]: how a database is connected to, and when what is asked of it is worth a word."""

from __future__ import annotations

from typing import Annotated

from holdfast.budget.metadata import Decision, Fact, Mechanism, Option
from holdfast.budget.model.references import HIKARI_KNOBS, OWN_MEASUREMENT, SENTRY_REPEATS
from holdfast.budget.model.section import Section
from holdfast.budget.units import Count, Duration

__all__ = ["Sql"]


class Sql(Section):
    """How a database is connected to, and when what is asked of it is worth a word."""

    pgbouncer: Annotated[
        bool,
        Fact("Whether PgBouncer in transaction mode stands before it: no prepared statement outlives a use."),
    ] = False
    slow: Annotated[
        Duration | None,
        Decision(
            "From how long on is a statement slow, and told with its code line?",
            "A slow statement holds a connection and often a lock; the next ones wait for both.",
            "engineering, from measured statements",
            (Option("100ms", "well above the p99 of the statements that was measured", OWN_MEASUREMENT),),
        ),
    ] = None
    explain: Annotated[
        bool,
        Fact(
            "Whether the plans of slow statements are searched for missing indexes, beside the requests: "
            "for development and the gate. It needs `slow`."
        ),
    ] = False
    recycle: Annotated[
        Duration, Mechanism("A connection older than this is replaced when it is next taken.", HIKARI_KNOBS)
    ] = 1800.0
    repeats: Annotated[
        Count,
        Mechanism(
            "From so many times on, one statement of one code line in one request is N+1.", SENTRY_REPEATS
        ),
    ] = 5
