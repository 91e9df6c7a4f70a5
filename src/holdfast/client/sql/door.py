"""What all engines of one database share on one loop: the line at the pool, the policies, and who watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from holdfast.client.sql.config import SqlConfig
from holdfast.client.sql.plans import Explainer
from holdfast.client.sql.pool.checkout import Checkout
from holdfast.client.sql.pool.places import Places
from holdfast.client.sql.verdicts import judge_checkout, judge_transaction
from holdfast.client.sql.watch.reporter import Reporter
from holdfast.client.sql.watch.watch import Watch
from holdfast.clock import Now
from holdfast.events import Bus, CallEnded, RetryDecided
from holdfast.policy.call.config import CallConfig
from holdfast.policy.call.judge import Judge
from holdfast.policy.call.pipeline import Pipeline
from holdfast.policy.retry import RetryBudget
from holdfast.telemetry.board import PoolCell, Slot

__all__ = ["Door"]

_JUDGE: Judge[Any] = Judge(lambda result: None, judge_transaction)


class Door:
    """`again`: the retries of whole transactions. `loop`: that on which all of it lives."""

    __slots__ = ("again", "bus", "checkout", "explainer", "loop", "now", "reporter", "watch")

    def __init__(
        self,
        config: SqlConfig,
        size: int | None,
        *,
        copies: tuple[str, ...] = (),
        bus: Bus,
        retries: RetryBudget | None,
        now: Now,
        random: Callable[[], float],
    ) -> None:
        name = config.dependency
        self.loop = asyncio.get_running_loop()
        self.bus = bus
        self.now = now
        self.checkout = Checkout(
            Pipeline(config.call, judge_checkout, bus=bus, retries=retries, now=now, random=random),
            None if size is None else Places(name, size, bus=bus, now=now),
            now=now,
        )
        # Calls are the checkouts, which report themselves; of a transaction only its retries are news.
        told = Bus()
        told.subscribe(RetryDecided, bus.emit)
        self.again: Pipeline[Any] = Pipeline(
            CallConfig(name, retry=config.call.retry),
            _JUDGE,
            bus=told,
            retries=retries,
            now=now,
            random=random,
        )
        self.reporter = Reporter(name, bus=bus, loop=self.loop, now=now)
        self.explainer = Explainer(self.reporter, self.checkout.places) if config.explain else None
        self.watch = Watch(config, self.reporter, copies=copies, explainer=self.explainer, now=now)
        bus.subscribe(CallEnded, self.watch.called)

    def sample(self, slot: Slot, name: str, now: float) -> None:
        """Write the pool to the board, and tell of connections that have leaked."""
        cells, places = slot.pools.row(name), self.checkout.places
        cells[PoolCell.SIZE] = 0 if places is None else places.size
        cells[PoolCell.TAKEN] = len(self.checkout.held)
        cells[PoolCell.WAITING] = 0 if places is None else places.waiting
        for hold in self.checkout.leaked(now):
            self.watch.leaked(hold)

    async def aclose(self) -> None:
        """Watch no more."""
        if self.explainer is not None:
            await self.explainer.aclose()
        self.bus.unsubscribe(CallEnded, self.watch.called)
