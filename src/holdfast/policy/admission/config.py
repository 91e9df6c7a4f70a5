"""How many requests may be inside, and how many may wait for how long."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.policy.mode import Mode
from holdfast.policy.require import at_least, positive

__all__ = ["AdmissionConfig"]


@dataclass(frozen=True, slots=True)
class AdmissionConfig:
    """For one process: `limit` inside, `queue` waiting for at most `wait` seconds each.

    limit: None where nobody has decided: count only.
    wait: CoDel's interval, 100 ms (RFC 8289): a longer wait is a standing queue.
    retry_after: seconds that a refused client is told to stay away; 1 is the least that the header can say
        (RFC 9110, 10.2.3).
    """

    limit: int | None
    queue: int = 0
    wait: float = 0.1
    retry_after: float = 1.0
    mode: Mode = Mode.ENFORCE

    def __post_init__(self) -> None:
        at_least(1, limit=self.limit)
        at_least(0, queue=self.queue)
        positive(retry_after=self.retry_after)
        if self.queue:
            positive(wait=self.wait)
        if self.limit is None and self.mode is Mode.ENFORCE:
            raise ValueError("admission without a limit has nothing to enforce")
