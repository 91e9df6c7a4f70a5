"""Adaptive throttling at the client: Google SRE Book, "Handling Overload".

A refusal costs the other side a part of what an answer costs, and what is retried costs it again. So where it
accepts less than 1 / K of what is asked, the rest is refused here, with the probability

    max(0, (requests - K * accepts) / (requests + 1))

in which a call that is refused here is a request too, or the refusals would forget themselves. Only a refusal
for want of room is not accepted. Failures are the breaker's.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from holdfast.policy.throttle.config import ThrottleConfig
from holdfast.policy.window import Window

__all__ = ["Throttle"]


class Throttle:
    """Pure but for `random`, a source of uniform [0, 1) that is injected.

    Each call is one `admits`; then `refused`, or `asked` and perhaps `shed` when it has ended.
    """

    __slots__ = ("_config", "_random", "_requests", "_shed", "asked")

    def __init__(self, config: ThrottleConfig, *, random: Callable[[], float] = random.random) -> None:
        self._config = config
        self._random = random
        self._requests = Window(config.window, config.buckets)
        self._shed = Window(config.window, config.buckets)  # here or there
        self.asked = self._requests.add  # asked(now): the other side was asked, and said something

    def admits(self, now: float) -> bool:
        """Whether the call may be made."""
        return not self._shed.total or self._random() >= self.chance(now)

    def refused(self, now: float) -> None:
        """The call was not made."""
        self._requests.add(now)
        self._shed.add(now)

    def shed(self, now: float) -> None:
        """What was asked was refused for want of room."""
        self._shed.add(now)

    def chance(self, now: float) -> float:
        """Return the probability with which a call is refused now."""
        requests = self._requests.roll(now)
        accepts = requests - self._shed.roll(now)
        return min(self._config.most, max(0.0, (requests - self._config.factor * accepts) / (requests + 1)))
