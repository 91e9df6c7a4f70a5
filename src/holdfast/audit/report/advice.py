"""What follows from a rule: the effort of mending, its trade-off, and the metrics that show the harm."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["EFFORTS", "Advice", "advice"]

EFFORTS = ("small", "medium", "large")


@dataclass(frozen=True, slots=True)
class Advice:
    """`effort` is one of EFFORTS; `metrics` are names of docs/metrics.md."""

    effort: str
    trade_off: str
    metrics: tuple[str, ...]


@cache
def advice(code: str) -> Advice:
    """Return the advice for the longest beginning of a rule's code that there is one for."""
    known = _all()
    return next(known[code[:length]] for length in range(len(code), 0, -1) if code[:length] in known)


@cache
def _all() -> dict[str, Advice]:
    text = files("holdfast.audit.report").joinpath("advice.toml").read_text(encoding="utf-8")
    return {
        code: Advice(one["effort"], one["trade_off"], tuple(one["metrics"]))
        for code, one in tomllib.loads(text).items()
    }
