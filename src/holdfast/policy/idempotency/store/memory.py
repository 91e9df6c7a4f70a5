"""Keys in a dict: for tests and development. One process, and gone with it."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

from holdfast.clock import monotonic
from holdfast.policy.idempotency.answer import Answer
from holdfast.policy.idempotency.core import MOVES, Move, Record, State
from holdfast.policy.idempotency.key import KeyId
from holdfast.policy.idempotency.store import Claimed, Clock, Seen, Unresolved

__all__ = ["MemoryStore"]


class MemoryStore:
    """Each word ends before it awaits anything, so it is atomic within a loop.

    Its records end with the process, so that it dates them by the monotonic clock: nobody sets that.
    """

    def __init__(self, now: Clock = monotonic) -> None:
        self.name = "memory"
        self._now = now
        self._records: dict[KeyId, Record] = {}

    def __len__(self) -> int:
        return len(self._records)

    async def insert(self, key: KeyId, claimed: Claimed) -> Seen | None:
        """See Store."""
        found = self._records.get(key)
        if found is not None:
            return Seen(found, self._now())
        self._claim(key, claimed)
        return None

    async def replace(self, key: KeyId, seen: Record, claimed: Claimed) -> bool:
        """See Store."""
        if not self._as_seen(key, seen):
            return False
        self._claim(key, claimed)
        return True

    async def declare_unknown(self, key: KeyId, seen: Record, token: str) -> bool:
        """See Store."""
        if not self._as_seen(key, seen):
            return False
        self._records[key] = replace(self._records[key], state=State.UNKNOWN, token=token)
        return True

    async def renew(self, key: KeyId, token: str, lease: float) -> bool:
        """See Store."""
        return self._move(Move.RENEW, key, token, lease=self._now() + lease)

    async def complete(self, key: KeyId, token: str, answer: Answer, retention: float) -> bool:
        """See Store."""
        return self._move(Move.COMPLETE, key, token, answer=answer, expires=self._now() + retention)

    async def free(self, key: KeyId, token: str) -> bool:
        """See Store."""
        return self._move(Move.FREE, key, token)

    async def abandon(self, key: KeyId, token: str, retention: float) -> bool:
        """See Store."""
        return self._move(Move.ABANDON, key, token, expires=self._now() + retention)

    async def sweep(self, most: int) -> int:
        """See Store."""
        now = self._now()
        over = (k for k, r in self._records.items() if r.expires <= now and r.lease <= now)
        gone = list(islice(over, most))
        for key in gone:
            del self._records[key]
        return len(gone)

    async def unresolved(self, most: int) -> list[Unresolved]:
        """See Store."""
        unknown = (Unresolved(k, r.route) for k, r in self._records.items() if r.state is State.UNKNOWN)
        return list(islice(unknown, most))

    async def resolve(self, key: KeyId, answer: Answer | None, retention: float) -> bool:
        """See Store."""
        found = self._records.get(key)
        if found is None or found.state is not State.UNKNOWN:
            return False
        if answer is None:
            del self._records[key]
        else:
            expires = self._now() + retention
            self._records[key] = replace(found, state=State.DONE, answer=answer, expires=expires)
        return True

    async def check(self) -> list[str]:
        """See Store."""
        return ["idempotency keys are in this process's memory: for tests and development only"]

    async def aclose(self) -> None:
        """See Store."""

    def _claim(self, key: KeyId, claimed: Claimed) -> None:
        now = self._now()
        lease = now + claimed.lease
        self._records[key] = Record(
            State.RUNNING,
            claimed.token,
            claimed.fingerprint,
            claimed.repeatable,
            lease,
            now + claimed.retention,
            claimed.route,
        )

    def _as_seen(self, key: KeyId, seen: Record) -> bool:
        """Whether the record is still the one that was seen, and no lease of it holds."""
        found = self._records.get(key)
        if found is None or (found.token, found.state) != (seen.token, seen.state):
            return False
        return found.state is not State.RUNNING or found.lease <= self._now()

    def _move(self, move: Move, key: KeyId, token: str, **changes: object) -> bool:
        found = self._records.get(key)
        before, after = MOVES[move]
        if found is None or found.token != token or found.state not in before:
            return False
        if after is None:
            del self._records[key]
        else:
            self._records[key] = replace(found, state=after, **changes)  # type: ignore[arg-type]
        return True
