"""Readiness with hysteresis: a state machine without a clock.

    ready --a symptom lasted, and it was ready for `least`--> unready
    unready --no symptom for `recover`, and it was unready for `least`--> ready

So it changes at most once in `least`, whatever happens. A late loop is ill above `lag` and well below
`clear` x `lag` (a Schmitt trigger); between the two nothing changes.

An open breaker speaks as long as somebody calls: an unready instance gets no calls, so nothing would ever
half-open its breaker, and it would stay unready for good. Where nothing has moved for a while, its word
lapses, and traffic finds out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.service.health.config import HealthConfig

__all__ = ["Readiness", "Vital"]

PAUSE = 1.0
"""Seconds without a refusal after which the door is said to refuse no more: several beats of any loop."""


@dataclass(frozen=True, slots=True)
class Vital:
    """What a worker shows: refusals of the door so far, the loop's lag in seconds, and the breakers.

    `breakers`, by dependency: whether it is not closed, and a number that changes with every call.
    """

    refused: int = 0
    lag: float = 0.0
    breakers: Mapping[str, tuple[bool, int]] = field(default_factory=dict)


class Readiness:
    """One worker's; `now` in seconds of a monotonic clock, never going back."""

    __slots__ = (
        "_calls",
        "_config",
        "_entered",
        "_late",
        "_moved",
        "_refused",
        "_refused_at",
        "_since",
        "_well",
        "causes",
        "ready",
    )

    def __init__(self, config: HealthConfig, now: float) -> None:
        self._config = config
        self._entered = now
        self._refused: int | None = None
        self._refused_at = now
        self._late = False
        self._calls: dict[str, int] = {}
        self._moved: dict[str, float] = {}
        self._since: dict[str, float] = {}
        self._well: float | None = None
        self.ready = True
        self.causes: tuple[str, ...] = ()

    def update(self, now: float, vital: Vital) -> bool:
        """Take in what is seen now; returns whether the worker is ready."""
        present = self._present(now, vital)
        for name in [name for name in self._since if name not in present]:
            del self._since[name]
        for name in present:
            self._since.setdefault(name, now)
        lasted = tuple(name for name, need in present.items() if now - self._since[name] >= need)
        self._well = None if present else now if self._well is None else self._well
        settled = now - self._entered >= self._config.least
        if self.ready:
            if lasted and settled:
                self._enter(now, ready=False, causes=lasted)
        elif settled and self._well is not None and now - self._well >= self._config.recover:
            self._enter(now, ready=True, causes=())
        elif lasted:
            self.causes = lasted
        return self.ready

    def _present(self, now: float, vital: Vital) -> dict[str, float]:
        """Return the symptoms that are there now, and for how long each has to last."""
        config, found = self._config, dict[str, float]()
        if config.saturation is not None and self._refusing(now, vital.refused):
            found["saturation"] = config.saturation
        if config.lag is not None:
            self._late = vital.lag >= config.lag * (config.clear if self._late else 1.0)
            if self._late:
                found["lag"] = config.after
        for name, lapse in config.dependencies.items():
            opened, calls = vital.breakers.get(name, (False, 0))
            if self._calls.get(name) != calls:
                self._calls[name] = calls
                self._moved[name] = now
            if opened and now - self._moved[name] <= lapse:
                found[name] = config.after
        return found

    def _refusing(self, now: float, refused: int) -> bool:
        if self._refused is None or refused == self._refused:
            first, self._refused = self._refused is None, refused
            return not first and "saturation" in self._since and now - self._refused_at <= PAUSE
        self._refused, self._refused_at = refused, now
        return True

    def _enter(self, now: float, *, ready: bool, causes: tuple[str, ...]) -> None:
        self.ready = ready
        self.causes = causes
        self._entered = now
        self._well = None
