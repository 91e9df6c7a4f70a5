"""From windows to comparisons by the budget, and from those to the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.budget import Loaded
from holdfast.gate.regression.decide import Comparison, compare, more_bad
from holdfast.gate.regression.result import Window
from holdfast.gate.result import Verdict

__all__ = ["compared", "verdict", "worse"]

_FIGURES = ("cpu", "p50", "p99")


def compared(loaded: Loaded, windows: Sequence[Window], *, last: bool) -> list[Comparison]:
    """Compare each figure of the two builds; `last`: no more windows will be driven."""
    return [
        compare(
            name,
            [getattr(window, name) or 0.0 for window in _of(windows, "old")],
            [getattr(window, name) or 0.0 for window in _of(windows, "new")],
            _granted(loaded, name),
            last=last,
        )
        for name in _FIGURES
    ]


def worse(windows: Sequence[Window]) -> str:
    """Say what the new build fails more, "" where nothing."""
    sides = zip(_of(windows, "old"), _of(windows, "new"), strict=True)
    return more_bad([(old.bad, new.bad) for old, new in sides])


def verdict(comparisons: Sequence[Comparison], *, problem: str, worse: str) -> Verdict:
    """Decide: a new kind of failure outweighs a slower figure, and that one what is undecided.

    `problem`: why nothing that was measured can be trusted, "" where it can.
    """
    if problem:
        return Verdict("cannot tell", 5, problem)
    if worse:
        return Verdict("fail", 1, f"the new build fails more: {worse}")
    judged = [one for one in comparisons if one.granted is not None]
    if not judged:
        return Verdict(
            "missing", 3, f"not decided yet: {', '.join(f'regression.{name}' for name in _FIGURES)}"
        )
    failed = [one for one in judged if one.outcome == "fail"]
    if failed:
        return Verdict("fail", 1, ", ".join(f"{one.name} is {one.ratio:.3g} x what it was" for one in failed))
    open_ = [one for one in judged if one.outcome == "cannot tell"]
    if open_:
        return Verdict("cannot tell", 5, "; ".join(f"{one.name}: {one.why}" for one in open_))
    return Verdict("pass", 0, f"no more {', '.join(one.name for one in judged)} than granted")


def _granted(loaded: Loaded, name: str) -> float | None:
    """Return what the budget grants, None where nobody has decided it: a number without a source is none."""
    if loaded.provenance(f"regression.{name}").kind in ("missing", "deferred"):
        return None
    granted: float | None = getattr(loaded.budget.regression, name)
    return granted


def _of(windows: Sequence[Window], build: str) -> list[Window]:
    return sorted((window for window in windows if window.build == build), key=lambda window: window.pair)
