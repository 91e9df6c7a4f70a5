"""Whether a failed attempt is followed by another."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from holdfast.policy.retry.backoff import full_jitter
from holdfast.policy.retry.budget import RetryBudget
from holdfast.policy.retry.config import RetryConfig

__all__ = ["Decision", "Retry"]


@dataclass(frozen=True, slots=True)
class Decision:
    """`granted`: wait `delay` seconds, then try again. `why`: "granted" or what stands against it."""

    granted: bool
    why: str
    delay: float = 0.0


class Retry:
    """Pure but for `random`, a source of uniform [0, 1) that is injected.

    `process`: the budget that the dependencies of this process share; None: there is none.
    """

    __slots__ = ("_config", "_random", "budget", "process")

    def __init__(
        self,
        config: RetryConfig,
        *,
        process: RetryBudget | None = None,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._config = config
        self._random = random
        self.budget = RetryBudget(
            config.ratio, floor=config.floor, window=config.window, buckets=config.buckets
        )
        self.process = process

    def decide(
        self,
        now: float,
        attempt: int,
        *,
        retryable: bool,
        idempotent: bool,
        deadline: float | None,
        retry_after: float | None = None,
        layer: int = 1,
    ) -> Decision:
        """Decide after attempt number `attempt` (1, 2 ...) failed; a granted retry is charged here.

        `retryable`: the failure may pass. `idempotent`: repeating the call does no harm. `retry_after`:
        what the other side asked for, in seconds; negative means never. `layer`: the attempt of a layer
        above, see `layer`. The budget is asked last, so that nothing is charged for a retry that would not
        have been made anyway.
        """
        config = self._config
        if attempt >= config.attempts:
            return Decision(False, "attempts")
        if layer > 1:
            return Decision(False, "layer")
        if not retryable:
            return Decision(False, "not retryable")
        if not idempotent:
            return Decision(False, "not idempotent")
        delay = full_jitter(attempt, config.base, config.cap, self._random)
        if retry_after is not None:
            # Without a deadline nothing else bounds what the other side may ask us to wait.
            if retry_after < 0 or (deadline is None and retry_after > config.cap):
                return Decision(False, "pushback")
            delay += retry_after  # jitter stays, or all who were told the same return at once
        if deadline is not None and now + delay >= deadline:
            return Decision(False, "deadline")
        if not self.withdraw(now):
            return Decision(False, "budget")
        return Decision(True, "granted", delay)

    def deposit(self, now: float) -> None:
        """Count one call, which funds retries."""
        self.budget.deposit(now)
        if self.process is not None:
            self.process.deposit(now)

    def withdraw(self, now: float) -> bool:
        """Take one retry, if both budgets afford it; else neither is charged."""
        if self.process is None:
            return self.budget.withdraw(now)
        return self.process.affords(now) and self.budget.withdraw(now) and self.process.withdraw(now)
