"""What the budget says of a Redis, for the connections of one process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from holdfast.policy.call.config import CallConfig, DependencySection
from holdfast.policy.mode import Mode

__all__ = ["RedisSection", "Wire"]


class RedisSection(DependencySection, Protocol):
    """The budget's [dependency.NAME] of kind "redis"."""

    @property
    def url_env(self) -> str | None:
        """The environment variable with the address."""


@dataclass(frozen=True, slots=True)
class Wire:
    """Of connections. What is None stays as redis-py has it: 100 connections, and 5 s for every step.

    size: how many, that is, the bulkhead's permits. connect: seconds to make one. bounded: the attempt's
        timer is the limit of writing and reading, so that no connection has one of its own.
    """

    size: int | None
    connect: float | None
    bounded: bool

    @classmethod
    def of(cls, config: CallConfig, connect: float | None) -> Wire:
        """Return what is enforced; `connect`: the budget's timeout.connect."""
        bulkhead = config.bulkhead
        enforced = bulkhead is not None and bulkhead.mode is Mode.ENFORCE
        decided = config.timeout_mode is Mode.ENFORCE
        return cls(
            bulkhead.limit if bulkhead is not None and enforced else None,
            connect if decided else None,
            decided and config.timeout is not None,
        )

    def arguments(self) -> dict[str, Any]:
        """Return what a pool's connections are made with."""
        found: dict[str, Any] = {"max_connections": self.size} if self.size is not None else {}
        if self.connect is not None:
            found["socket_connect_timeout"] = self.connect
        if not self.bounded:
            found["socket_timeout"] = _USUAL
            found.setdefault("socket_connect_timeout", _USUAL)
        return found


_USUAL = 5.0
"""Seconds: redis-py's own socket_timeout."""
