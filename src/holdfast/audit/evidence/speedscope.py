"""Profiles in speedscope's JSON, as py-spy (`--format speedscope`) and austin2speedscope write them.

Source: https://www.speedscope.app/file-format-schema.json
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.audit.evidence.observed import Evidence, Frame, Sample, Source
from holdfast.errors import UsageError

__all__ = ["is_one", "read"]

_SECONDS = {"seconds": 1.0, "milliseconds": 1e-3, "microseconds": 1e-6, "nanoseconds": 1e-9}
_UNTIMED = "none"


def is_one(document: Any) -> bool:
    """Whether a JSON document says that it is such a profile."""
    return isinstance(document, dict) and "speedscope" in str(document.get("$schema", ""))


def read(path: Path, document: Mapping[str, Any]) -> Evidence:
    """Return the samples. Raises `UsageError` with the file and the entry."""
    place = str(path)
    try:
        frames = [_frame(each) for each in document["shared"]["frames"]]
        profiles = list(document["profiles"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UsageError(f"is not a whole speedscope profile: {error!r}", place=place) from None
    samples: list[Sample] = []
    for number, profile in enumerate(profiles):
        try:
            samples += _samples(place, frames, profile)
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            message = f"is not a whole speedscope profile: {error!r}"
            raise UsageError(message, place=f"{place}: profiles[{number}]") from None
    return Evidence((Source(place, "profile", f"{len(samples)} stacks"),), samples=tuple(samples))


def _frame(each: Mapping[str, Any]) -> Frame:
    return Frame(str(each.get("file") or ""), int(each.get("line") or 0), str(each["name"]))


def _samples(source: str, frames: list[Frame], profile: Mapping[str, Any]) -> list[Sample]:
    kind, unit = profile["type"], profile["unit"]
    if kind != "sampled":
        raise ValueError(f"a profile of type {kind!r}, expected 'sampled'")
    if unit not in _SECONDS and unit != _UNTIMED:
        raise ValueError(f"unit {unit!r} says nothing of time")
    weights: Counter[tuple[int, ...]] = Counter()
    for stack, weight in zip(profile["samples"], profile["weights"], strict=True):
        if weight < 0:
            raise ValueError(f"weight {weight} is below 0")
        weights[tuple(stack)] += weight
    return [
        Sample(
            source,
            tuple(frames[index] for index in reversed(stack)),
            weight * _SECONDS.get(unit, 1.0),
            unit != _UNTIMED,
        )
        for stack, weight in weights.items()
    ]
