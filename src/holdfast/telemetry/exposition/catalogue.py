"""All metric families, in the order in which they are shown and documented (docs/metrics.md)."""

from __future__ import annotations

from holdfast.telemetry.exposition import (
    caches,
    databases,
    dependencies,
    door,
    idempotency,
    listener,
    loop,
    offload,
    policies,
    processes,
    ratelimits,
    requests,
    workers,
)
from holdfast.telemetry.exposition.family import Family

__all__ = ["FAMILIES", "SUBJECTS"]

SUBJECTS: dict[str, tuple[Family, ...]] = {
    "Requests": requests.FAMILIES,
    "Before the door": listener.FAMILIES,
    "The door": door.FAMILIES,
    "Policies": policies.FAMILIES,
    "Rate limits": ratelimits.FAMILIES,
    "Idempotency keys": idempotency.FAMILIES,
    "Caches": caches.FAMILIES,
    "Dependencies": dependencies.FAMILIES,
    "Databases": databases.FAMILIES,
    "The event loop": loop.FAMILIES,
    "Off the loop": offload.FAMILIES,
    "Workers": workers.FAMILIES,
    "Processes": processes.FAMILIES,
}
"""Families by subject: the sections of the page."""

FAMILIES: tuple[Family, ...] = tuple(family for families in SUBJECTS.values() for family in families)
