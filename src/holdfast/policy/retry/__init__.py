"""Retry: again, a few times, later, and never more than the budget of the whole dependency allows."""

from __future__ import annotations

from holdfast.policy.retry.backoff import full_jitter
from holdfast.policy.retry.budget import RetryBudget
from holdfast.policy.retry.config import RetryConfig
from holdfast.policy.retry.core import Decision, Retry
from holdfast.policy.retry.guard import RetryGuard
from holdfast.policy.retry.layer import attempt_above, restore, retried

__all__ = [
    "Decision",
    "Retry",
    "RetryBudget",
    "RetryConfig",
    "RetryGuard",
    "attempt_above",
    "full_jitter",
    "restore",
    "retried",
]
