"""How refusals are named on the board: by reason, by the stage at which they were made, and by class."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ANY_CLASS", "Stage", "row_name", "split"]

ANY_CLASS = "any"
"""The class of requests that were refused unseen, because none would have been let in."""


class Stage(StrEnum):
    """How far a request had come: its bytes only, its head, or the door of the app."""

    PARSER = "parser"
    HEADERS = "headers"
    ASGI = "asgi"


def row_name(reason: str, stage: Stage, name: str) -> str:
    """Return the name of the row that counts these refusals, `name` being the class."""
    return f"{reason}\t{stage.value}\t{name}"


def split(row: str) -> tuple[str, str, str]:
    """Return reason, stage and class of a row; what is not said is at the door of the app, of any class."""
    reason, _, rest = row.partition("\t")
    stage, _, name = rest.partition("\t")
    return reason, stage or Stage.ASGI.value, name or ANY_CLASS
