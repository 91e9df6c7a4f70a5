"""A call to a dependency with all its policies around it, in one fixed order."""

from __future__ import annotations

from holdfast.policy.call.attempt import Attempt
from holdfast.policy.call.config import CallConfig, DependencySection
from holdfast.policy.call.judge import Judge, Verdict, judge_exceptions
from holdfast.policy.call.pipeline import Fallback, Pipeline

__all__ = [
    "Attempt",
    "CallConfig",
    "DependencySection",
    "Fallback",
    "Judge",
    "Pipeline",
    "Verdict",
    "judge_exceptions",
]
