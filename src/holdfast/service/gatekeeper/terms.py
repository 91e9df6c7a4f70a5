"""What the budget says of single routes: their deadlines, and whose work ends with its client."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI
from starlette.types import Scope

from holdfast.budget.model import Deadline, Disconnect
from holdfast.policy.deadline.config import DeadlineConfig
from holdfast.policy.mode import Modes
from holdfast.service.gatekeeper.routes import RouteTable, registered

__all__ = ["Terms", "finder"]

_log = logging.getLogger("holdfast")


@dataclass(frozen=True, slots=True)
class Terms:
    """Of one route. `deadline`: None where it has none of its own; `watched`: it ends with its client."""

    deadline: DeadlineConfig | None = None
    watched: bool = False


def finder(
    app: FastAPI, deadline: Deadline, disconnect: Disconnect
) -> Callable[[Scope], Terms | None] | None:
    """Return what finds the terms of a request; None where no route has any, so that none is looked for.

    A route's deadline stands in for the default. A caller may ask for less, and for more up to the cap.
    """
    modes = Modes.of(deadline)
    named: dict[str, Terms] = {}
    for route in dict.fromkeys((*deadline.route, *modes.by_route, *disconnect.cancel)):
        config = None
        if route in deadline.route or route in modes.by_route:
            own = deadline.of(route)
            cap = None if own is None or deadline.cap is None else max(own, deadline.cap)
            config = DeadlineConfig(own, cap, modes.by_route.get(route, modes.default))
        named[route] = Terms(config, route in disconnect.cancel)
    if not named:
        return None
    table = RouteTable(named, registered(app))
    for route in table.unknown:
        _log.warning('the budget speaks of "%s", which is no route of the app itself', route)
    return table.find
