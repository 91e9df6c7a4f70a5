"""The budget's derived numbers for the worker that this process is."""

from __future__ import annotations

import os
from collections.abc import Mapping

from holdfast.budget import Loaded
from holdfast.budget.derive import Derived, derived
from holdfast.telemetry import process

__all__ = ["numbers", "workers"]

_CONCURRENCY = "WEB_CONCURRENCY"
"""How many workers Uvicorn and Gunicorn start where their command line does not say."""


def numbers(loaded: Loaded) -> Mapping[str, Derived]:
    """Return the derived numbers by path, the service's divided over the workers that run.

    Under `holdfast serve` there is one worker for each core, or as many as were said. A server that was
    started without it runs one process, or what WEB_CONCURRENCY says. `service.workers` in the budget goes
    before both.
    """
    if process.supervised():
        return derived(loaded)
    said = os.environ.get(_CONCURRENCY, "")
    return derived(loaded, running=int(said) if said.isdecimal() and int(said) else 1)


def workers(loaded: Loaded) -> int:
    """Return how many processes share the service's numbers, replicas at their maximum."""
    return int(numbers(loaded)["service.workers"].value) * loaded.budget.service.replicas.max
