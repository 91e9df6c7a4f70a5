"""What a database has on one event loop: connections and permits belong to a loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from holdfast.client.sql.checkout import Checkout
from holdfast.client.sql.config import SqlConfig
from holdfast.client.sql.engine import engine, pool_size
from holdfast.client.sql.places import Places
from holdfast.client.sql.seen import Reporter
from holdfast.client.sql.transaction import Transactions
from holdfast.client.sql.verdicts import judge_checkout
from holdfast.client.sql.watch import Watch, WatchedSession
from holdfast.clock import Now
from holdfast.events import Bus, CallEnded
from holdfast.policy.call.pipeline import Pipeline
from holdfast.policy.retry import RetryBudget
from holdfast.telemetry.board import PoolCell, Slot

__all__ = ["Lane"]


@dataclass(frozen=True, slots=True)
class Lane:
    """The engine of one loop, what makes its sessions, and what stands around its pool."""

    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    checkout: Checkout
    transactions: Transactions
    watch: Watch
    bus: Bus

    @classmethod
    def opened(
        cls,
        config: SqlConfig,
        url: URL,
        *,
        bus: Bus,
        retries: RetryBudget | None,
        strict: bool,
        now: Now,
        random: Callable[[], float],
        options: dict[str, Any],
    ) -> Lane:
        """Return the lane of the running loop; `options` are create_async_engine's own."""
        name, size = config.dependency, pool_size(url, config)
        checkout = Checkout(
            Pipeline(config.call, judge_checkout, bus=bus, retries=retries, now=now, random=random),
            None if size is None else Places(name, size, bus=bus, now=now),
            now=now,
        )
        made = engine(url, config, checkout, **options)
        # What was loaded stays usable after the commit: to load it again would need a connection again.
        sessions = async_sessionmaker(made, expire_on_commit=False, sync_session_class=WatchedSession)
        again = Transactions(
            config.call, sessions, strict=strict, bus=bus, retries=retries, now=now, random=random
        )
        watch = Watch(config, Reporter(name, bus=bus, now=now), now=now)
        watch.attach(made)
        bus.subscribe(CallEnded, watch.called)
        return cls(made, sessions, checkout, again, watch, bus)

    def sample(self, slot: Slot, name: str, now: float) -> None:
        """Write the pool to the board, and tell of connections that have leaked."""
        cells, places = slot.pools.row(name), self.checkout.places
        cells[PoolCell.SIZE] = 0 if places is None else places.size
        cells[PoolCell.TAKEN] = len(self.checkout.held)
        cells[PoolCell.WAITING] = 0 if places is None else places.waiting
        for hold in self.checkout.leaked(now):
            self.watch.leaked(hold)

    async def aclose(self) -> None:
        """Close the connections; those that are still out are closed when they come back."""
        self.bus.unsubscribe(CallEnded, self.watch.called)
        await self.engine.dispose()
