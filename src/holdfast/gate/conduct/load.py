"""What the driver is told to do to a service: the budget's traffic, phase by phase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from holdfast.budget import Loaded
from holdfast.gate.drive.plan import Plan
from holdfast.gate.shape import Catalogue, catalogue

__all__ = ["CONNECTIONS", "Due", "patience", "plan_of", "requests_of"]

_PATIENCE = 10.0
"""Seconds after which the driver's clients give up where the budget names no deadline: the limit for keeping
a person's attention (Nielsen 1993)."""

CONNECTIONS = 4096
"""Connections at most, each a descriptor here and one in the service; beyond, arrivals wait, and it shows."""


class Due(Protocol):
    """What is due when, as of a schedule."""

    @property
    def at(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Nanoseconds from the start, ascending."""

    @property
    def request(self) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        """Positions in the catalogue."""

    @property
    def closes(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whose connection is closed after the answer."""


def requests_of(loaded: Loaded, seed: int, port: int, environ: Mapping[str, str]) -> Catalogue:
    """Return all requests; what is wrong with one is found here, before anything is started."""
    traffic = loaded.budget.traffic
    return catalogue(
        traffic.request,
        traffic.scenario,
        authority=f"127.0.0.1:{port}",
        seed=seed,
        base=loaded.folder,
        place=loaded.place,
        environ=environ,
    )


def plan_of(loaded: Loaded, requests: Catalogue, due: Due, port: int) -> Plan:
    """Return the plan of a driver for the service at `port`."""
    return Plan(
        "127.0.0.1",
        port,
        patience(loaded),
        CONNECTIONS,
        requests.payloads,
        due.at,
        due.request,
        closes=due.closes,
    )


def patience(loaded: Loaded) -> float:
    """Return the seconds after which the driver's clients give up.

    Twice the deadline: an answer that the service itself calls late is still seen, and known to be late.
    """
    deadline = loaded.budget.deadline.default
    return _PATIENCE if deadline is None else 2 * deadline
