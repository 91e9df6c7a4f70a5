"""Deadlines: the time a request has, ambient to everything called, and the wheel that ends it.

`at()` and `remaining()` say what is left; `until(...)` and `within(...)` tighten it for a block; `Cut` is the
same for callers that cannot afford a context manager; `shield(...)` is for what must finish.
"""

from __future__ import annotations

from holdfast.policy.deadline.ambient import at, remaining, restore, tighten
from holdfast.policy.deadline.config import DeadlineConfig
from holdfast.policy.deadline.core import allot, tighter
from holdfast.policy.deadline.guard import Cut, Scope, until, within
from holdfast.policy.deadline.header import parse_grpc_timeout, parse_request_timeout, render_request_timeout
from holdfast.policy.deadline.shield import shield
from holdfast.policy.deadline.wheel import Entry, Wheel, current

__all__ = [
    "Cut",
    "DeadlineConfig",
    "Entry",
    "Scope",
    "Wheel",
    "allot",
    "at",
    "current",
    "parse_grpc_timeout",
    "parse_request_timeout",
    "remaining",
    "render_request_timeout",
    "restore",
    "shield",
    "tighten",
    "tighter",
    "until",
    "within",
]
