"""How many requests may be inside, how many may wait for how long, and when the door closes."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.policy.admission.priority import NORMAL
from holdfast.policy.mode import Mode
from holdfast.policy.require import at_least, positive

__all__ = ["AdmissionConfig"]


@dataclass(frozen=True, slots=True)
class AdmissionConfig:
    """For one process: `limit` inside, `queue` waiting for at most `wait` seconds each.

    limit: where a limit that learns starts, or the fixed number; None where nobody has decided: count only.
    wait: CoDel's interval, 100 ms (RFC 8289): a queue that stood for longer is an overload.
    target: CoDel's target, 5 ms. In an overload nobody waits for longer than twice this (as folly's Codel),
        no more wait than are served meanwhile, and the newest goes first.
    late: a loop that is later than this for a whole `wait` is overloaded whatever the number says; None
        where that is not looked at.
    highest: the highest priority that any request can have; what even that one may not, nobody may.
    follows: for the most important the queue grows with what is seen to be served within `wait`: `queue` was
        derived before anything was measured, and they come in bursts too.
    retry_after: seconds that a refused client is told to stay away; 1 is the least that the header can say
        (RFC 9110, 10.2.3).
    """

    limit: int | None
    queue: int = 0
    wait: float = 0.1
    retry_after: float = 1.0
    mode: Mode = Mode.ENFORCE
    target: float = 0.005
    late: float | None = None
    highest: int = NORMAL
    follows: bool = False

    def __post_init__(self) -> None:
        at_least(1, limit=self.limit)
        at_least(0, queue=self.queue, highest=self.highest)
        positive(retry_after=self.retry_after, target=self.target, late=self.late)
        if self.queue:
            positive(wait=self.wait)
        if self.limit is None and self.mode is Mode.ENFORCE:
            raise ValueError("admission without a limit has nothing to enforce")
