"""Overrides of the environment that promise less than the file: the gate does not accept them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from holdfast.budget.derive.result import Finding
from holdfast.budget.loaded import Loaded
from holdfast.budget.path import KeyPath, dotted
from holdfast.budget.units import format_duration, format_rate, format_ratio

__all__ = ["loosened"]

_LOOSER: Mapping[str, Literal["above", "below"]] = {
    "availability": "below",
    "p50": "above",
    "p95": "above",
    "p99": "above",
    "p999": "above",
    "throughput": "below",
    "errors": "above",
    "recovery": "above",
}
_WORST = ("good", "excluded", "bad")


def loosened(loaded: Loaded) -> list[Finding]:
    """Return each objective that an environment variable makes easier to reach than the file does.

    An objective that only the variable gives loosens nothing; one that it takes away would be malformed.
    What [sli] counts belongs to the objective: a loss that is no longer bad is as good as a lower target.
    """
    return [
        Finding(dotted(key), f"{what}, and {loaded.place_of(key)} may not loosen it", loaded.place_of(key))
        for key, what in (*_objectives(loaded), *_counted(loaded))
        if not loaded.place_of(key).rpartition(":")[2].isdigit()
    ]


def _objectives(loaded: Loaded) -> Iterator[tuple[KeyPath, str]]:
    was, now = loaded.written.objective, loaded.budget.objective
    yield from _fields(("objective",), was, now)
    for route, promised in was.route.items():
        yield from _fields(("objective", "route", route), promised, now.route[route])
    for name, share in was.without.items():
        if now.without[name] < share:
            key = ("objective", "without", name)
            yield key, f"{format_ratio(now.without[name])} is below the file's {format_ratio(share)}"


def _fields(at: KeyPath, was: object, now: object) -> Iterator[tuple[KeyPath, str]]:
    for name, looser in _LOOSER.items():
        old, new = getattr(was, name, None), getattr(now, name, None)
        if old is not None and new is not None and (new > old if looser == "above" else new < old):
            yield (*at, name), f"{_show(name, new)} is {looser} the file's {_show(name, old)}"


def _counted(loaded: Loaded) -> Iterator[tuple[KeyPath, str]]:
    was, now = loaded.written.sli, loaded.budget.sli
    if gone := [word for word in was.bad if word not in now.bad]:
        yield ("sli", "bad"), f"{', '.join(gone)} no longer counts as bad"
    if new := [word for word in now.excluded if word not in was.excluded]:
        yield ("sli", "excluded"), f"{', '.join(new)} is no longer counted"
    if _WORST.index(now.degraded) < _WORST.index(was.degraded):
        yield (
            ("sli", "degraded"),
            f'a degraded answer counts as "{now.degraded}", in the file as "{was.degraded}"',
        )


def _show(name: str, value: float) -> str:
    if name in ("availability", "errors"):
        return format_ratio(value)
    return format_rate(value) if name == "throughput" else format_duration(value)
