"""What everything that is made for one dependency shares: its policies, and their state on each loop."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from holdfast.client.perloop import PerLoop
from holdfast.clock import Now, monotonic
from holdfast.events import Bus
from holdfast.policy.call.config import CallConfig, DependencySection
from holdfast.policy.call.judge import judge_exceptions
from holdfast.policy.call.pipeline import Pipeline
from holdfast.policy.mode import Mode
from holdfast.policy.retry import RetryBudget
from holdfast.telemetry import process

__all__ = ["DependencyState"]


class DependencyState:
    """Of one dependency. `config.missing` names the numbers that nobody has decided.

    One breaker, one bulkhead and one retry budget a worker, whatever reaches the dependency: clients of
    coroutines and of threads, decorators and blocks. `retries`: the budget that all dependencies of this
    process share.
    """

    def __init__(
        self,
        config: CallConfig,
        *,
        bus: Bus | None = None,
        retries: RetryBudget | None = None,
        now: Now = monotonic,
        random: Callable[[], float] = random.random,
    ) -> None:
        self.config = config

        def pipeline() -> Pipeline[Any]:
            # The process's own bus is asked for here, on the loop: this object may be older than a fork.
            on = bus or process.bus()
            return Pipeline(config, judge_exceptions, bus=on, retries=retries, now=now, random=random)

        self.pipelines: PerLoop[Pipeline[Any]] = PerLoop(pipeline)

    @classmethod
    def from_budget(
        cls,
        name: str,
        section: DependencySection,
        *,
        processes: int = 1,
        mode: Mode | None = None,
        **options: Any,
    ) -> DependencyState:
        """Return the state of the dependency `name`; `processes`: workers x replicas that share its numbers.

        `mode`: instead of the section's. `options` as the constructor takes them.
        """
        return cls(CallConfig.from_budget(name, section, processes=processes, mode=mode), **options)

    @property
    def in_flight(self) -> int:
        """Calls in flight on the running loop; 0 where the budget decides no bulkhead, which counts them."""
        pipeline = self.pipelines.peek()
        bulkhead = None if pipeline is None else pipeline.bulkhead
        return 0 if bulkhead is None else bulkhead.core.in_flight
