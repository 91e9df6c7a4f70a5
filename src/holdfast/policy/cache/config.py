"""How long a value is good for, and what may be done with it afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.policy.mode import Mode
from holdfast.policy.require import at_least, positive

__all__ = ["CacheConfig"]


@dataclass(frozen=True, slots=True)
class CacheConfig:
    """The cache called `name`. Times are seconds.

    `ttl`: for how long a value is served as it is. `stale`: for how long after that it may still be served
    while it is computed anew, or because computing it fails. `negative`: for how long an absence is
    remembered; None: absences are not. `limit`: bytes in the memory of this process.

    `jitter`: by which share a lifetime may be shorter, so that what was stored together does not expire
    together. `beta`: how eagerly values are computed anew before they expire (XFetch; 1 is optimal, 0 is
    never). `lease`: for how long a process that says nothing is believed to compute. `pause`: for how long
    after a failure a stale value is served without another try.
    """

    name: str
    ttl: float
    limit: int
    stale: float = 0.0
    negative: float | None = None
    jitter: float = 0.1
    beta: float = 1.0
    lease: float = 10.0
    pause: float = 1.0
    mode: Mode = Mode.ENFORCE

    def __post_init__(self) -> None:
        positive(ttl=self.ttl, limit=self.limit, negative=self.negative, lease=self.lease, pause=self.pause)
        at_least(0, stale=self.stale, jitter=self.jitter, beta=self.beta)
        if self.jitter >= 1:
            raise ValueError(f"jitter is a share below 1, not {self.jitter}")
