"""What holds of the keys of some routes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from holdfast.policy.mode import Mode
from holdfast.policy.require import at_least, positive

__all__ = ["Effect", "IdempotencyConfig"]


class Effect(Enum):
    """Where the effect of a request is, which decides what a crash leaves behind.

    Transaction: in the SQL transaction that also completes the key. Exactly one effect; after a crash there
    is none, and the next try runs. Repeatable: a second run adds nothing to the first, as when the key is
    passed on to a provider that honours it. Elsewhere: anything else. After a crash nobody knows, and it is
    never repeated by itself.
    """

    TRANSACTION = "transaction"
    REPEATABLE = "repeatable"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class IdempotencyConfig:
    """Times in seconds, sizes in bytes.

    retention: how long a key is remembered after its answer. None where nobody has decided: observe only.
    lease: how long a holder that says nothing keeps a key; it is renewed thrice. 15 s: client-go's.
    body: of an answer, at most, to be kept; 400 KiB, what DynamoDB holds in an item.
    patience: for one word with the store.
    refuse_without_store: 503 while the store does not answer; else run unprotected, and say so.
    """

    effect: Effect = Effect.ELSEWHERE
    required: bool = True
    retention: float | None = None
    lease: float = 15.0
    body: int = 400 << 10
    patience: float = 2.0
    refuse_without_store: bool = True
    mode: Mode = Mode.ENFORCE

    def __post_init__(self) -> None:
        positive(retention=self.retention, lease=self.lease, patience=self.patience)
        at_least(1, body=self.body)
        if self.retention is not None and self.retention < self.lease:
            raise ValueError(f"retention ({self.retention} s) is below lease ({self.lease} s)")
        if self.retention is None and self.mode is Mode.ENFORCE:
            raise ValueError("keys without a retention: nothing can be enforced")

    @property
    def repeatable(self) -> bool:
        """Whether a request whose holder vanished may run again."""
        return self.effect is not Effect.ELSEWHERE
