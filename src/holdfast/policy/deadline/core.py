"""Deadline arithmetic: points in time, in seconds of the monotonic clock; None is "no deadline"."""

from __future__ import annotations

from holdfast.policy.deadline.config import DeadlineConfig

__all__ = ["allot", "hurries", "tighter"]


def tighter(a: float | None, b: float | None) -> float | None:
    """Return the earlier of two deadlines."""
    if a is None:
        return b
    if b is None or a <= b:
        return a
    return b


def allot(config: DeadlineConfig, now: float, asked: float | None) -> float | None:
    """Return the deadline of a request that arrives `now` and asks for `asked` seconds (None: names none)."""
    if asked is None:
        granted = config.default
    else:
        granted = tighter(asked, config.default if config.cap is None else config.cap)
    return None if granted is None else now + granted


def hurries(config: DeadlineConfig, asked: float | None) -> bool:
    """Whether a caller asks for less time than the service takes for itself."""
    return asked is not None and config.default is not None and asked < config.default
