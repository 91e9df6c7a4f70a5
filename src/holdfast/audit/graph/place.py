"""Where an expression stands."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Place"]


class Place(NamedTuple):
    """Its module, and the function or class around it."""

    module: int
    function: int | None = None
    owner: int | None = None
