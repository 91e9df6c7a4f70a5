"""What an attempt says about the health of the dependency."""

from __future__ import annotations

from enum import Enum

__all__ = ["Outcome"]


class Outcome(Enum):
    """Three, so that what says nothing of the dependency counts neither for nor against it.

    Ignored are cancellations, our own refusals and attempts that got less than their time: a client that
    asks for one millisecond must not open a breaker for everybody.
    """

    SUCCESS = "success"
    IGNORED = "ignored"
    FAILURE = "failure"
