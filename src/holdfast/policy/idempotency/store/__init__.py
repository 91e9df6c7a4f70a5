"""Where keys are kept: a file a backend, all with the same few words.

A store decides nothing. Each of its words is one atomic step, and each write that changes a key names the
token that it expects there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from holdfast.policy.idempotency.answer import Answer
from holdfast.policy.idempotency.core import Record
from holdfast.policy.idempotency.key import KeyId

__all__ = ["Claimed", "Clock", "Seen", "Shared", "Store", "StoreDown", "Unresolved"]

Clock = Callable[[], float]
"""Seconds since the epoch, in place of the store's own clock; for tests."""


class StoreDown(Exception):
    """The store did not answer, or not in a way that can be relied on; whether it acted is not known."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim writes; `lease` and `retention` in seconds from the store's now on."""

    token: str
    fingerprint: bytes
    route: str
    repeatable: bool
    lease: float
    retention: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What a key has stored, and what time it was at the store."""

    record: Record
    now: float


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A key whose outcome nobody knows."""

    key: KeyId
    route: str


class Store(Protocol):
    """Every word raises StoreDown where the backend does not answer. `name` is for people."""

    name: str

    async def insert(self, key: KeyId, claimed: Claimed) -> Seen | None:
        """Store a claim where nothing is stored and return None; else return what is."""

    async def replace(self, key: KeyId, seen: Record, claimed: Claimed) -> bool:
        """Store a claim in place of what was seen, if it is still there and no lease of it holds."""

    async def declare_unknown(self, key: KeyId, seen: Record, token: str) -> bool:
        """Make what was seen unknown under a new token, if it is still there and its lease is over."""

    async def renew(self, key: KeyId, token: str, lease: float) -> bool:
        """Make the lease end in `lease` seconds; False: the key is not the holder's any more."""

    async def complete(self, key: KeyId, token: str, answer: Answer, retention: float) -> bool:
        """Store the answer; False: the key is not the holder's any more. Saying it twice is the same."""

    async def free(self, key: KeyId, token: str) -> bool:
        """Forget the key; False: it is not the holder's any more."""

    async def abandon(self, key: KeyId, token: str, retention: float) -> bool:
        """Say that the outcome is unknown; False: the key is not the holder's any more."""

    async def sweep(self, most: int) -> int:
        """Forget at most `most` keys whose retention is over; return how many."""

    async def unresolved(self, most: int) -> list[Unresolved]:
        """Return keys whose outcome is unknown, at most `most`."""

    async def resolve(self, key: KeyId, answer: Answer | None, retention: float) -> bool:
        """Decide an unknown outcome: its answer, or None, which frees the key. False: it is not unknown."""

    async def check(self) -> list[str]:
        """Return what is wrong with the backend, in words; raises UsageError where nothing can work."""

    async def aclose(self) -> None:
        """Close what the store opened itself."""


class Shared(Store, Protocol):
    """A store whose keys can be completed within somebody's transaction."""

    async def complete_in(
        self, session: Any, key: KeyId, token: str, answer: Answer, retention: float
    ) -> bool:
        """Store the answer in the transaction of `session`, not committed; False as in `complete`."""
