"""Quantities in words, as faults describe themselves, and the check that all shares have."""

from __future__ import annotations

from holdfast.errors import UsageError

__all__ = ["check_share", "of_seconds", "of_share"]


def of_seconds(seconds: float) -> str:
    """Return a time, such as `2 s` or `250 ms`."""
    return f"{seconds:.4g} s" if seconds >= 1 else f"{seconds * 1000:.4g} ms"


def of_share(share: float) -> str:
    """Return a share, such as `30%`."""
    return f"{share * 100:.3g}%"


def check_share(kind: str, share: float) -> None:
    """Raise UsageError for a share that cannot be."""
    if not 0 < share <= 1:
        raise UsageError(f"{kind} wants a share above 0 and at most 1, not {share:g}")
