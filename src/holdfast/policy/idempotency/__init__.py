"""Idempotency keys: a request that is sent twice has its effect once.

`core` decides by what is known of a key, `store` keeps it (a file a backend), `guard` asks and writes.
"""

from __future__ import annotations

from holdfast.policy.idempotency.answer import Answer
from holdfast.policy.idempotency.claim import Claim
from holdfast.policy.idempotency.config import Effect, IdempotencyConfig
from holdfast.policy.idempotency.core import Record, Situation, State, Verdict, decide
from holdfast.policy.idempotency.guard import IdempotencyGuard
from holdfast.policy.idempotency.key import KeyId
from holdfast.policy.idempotency.store import Claimed, Seen, Store, StoreDown, Unresolved
from holdfast.policy.idempotency.store.table import idempotency_table

__all__ = [
    "Answer",
    "Claim",
    "Claimed",
    "Effect",
    "IdempotencyConfig",
    "IdempotencyGuard",
    "KeyId",
    "Record",
    "Seen",
    "Situation",
    "State",
    "Store",
    "StoreDown",
    "Unresolved",
    "Verdict",
    "decide",
    "idempotency_table",
]
