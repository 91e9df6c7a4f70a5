"""One database in one process: what its engines, for coroutines and for threads, have in common."""

from __future__ import annotations

import random
from collections.abc import Callable

from sqlalchemy.engine import URL

from holdfast.client.perloop import PerLoop
from holdfast.client.sql.config import SqlConfig
from holdfast.client.sql.door import Door
from holdfast.client.strict import strict
from holdfast.clock import Now, monotonic
from holdfast.events import Bus
from holdfast.policy.retry import RetryBudget
from holdfast.telemetry import process
from holdfast.telemetry.board import Slot

__all__ = ["SqlState"]


class SqlState:
    """The database `config.dependency` at `url`, its driver not yet chosen.

    `retries`: the budget that it shares with the other dependencies of this process. `copies`: the names of
    its replicas. `strict`: raise what is seen of the use of the database that would hurt in production; None:
    as HOLDFAST_STRICT says whenever a session begins.
    """

    def __init__(
        self,
        config: SqlConfig,
        url: URL,
        *,
        copies: tuple[str, ...] = (),
        bus: Bus | None = None,
        retries: RetryBudget | None = None,
        strict: bool | None = None,
        now: Now = monotonic,
        random: Callable[[], float] = random.random,
    ) -> None:
        self.config = config
        self.url = url
        self.copies = copies
        self._bus = bus
        self._retries = retries
        self._strict = strict
        self.now = now
        self._random = random
        self.doors = PerLoop(self._door)

    @property
    def strict(self) -> bool:
        """Whether what would hurt in production is an error now."""
        return strict() if self._strict is None else self._strict

    @property
    def in_memory(self) -> bool:
        """Whether it is a SQLite database in memory, which is its connection."""
        return self.url.get_backend_name() == "sqlite" and self.url.database in (None, "", ":memory:")

    @property
    def in_flight(self) -> int:
        """Connections that are taken on the running loop."""
        door = self.doors.peek()
        return 0 if door is None else len(door.checkout.held)

    def sample(self, slot: Slot) -> None:
        """Write the running loop's pool to the board, and tell of connections that have leaked."""
        door = self.doors.peek()
        if door is not None:
            door.sample(slot, self.config.dependency, self.now())

    async def aclose(self) -> None:
        """Forget the running loop."""
        door = self.doors.pop()
        if door is not None:
            await door.aclose()

    def _door(self) -> Door:
        return Door(
            self.config,
            1 if self.in_memory else self.config.pool,
            copies=self.copies,
            # The process's own bus is asked for here, on the loop: the database may be older than a fork.
            bus=self._bus or process.bus(),
            retries=self._retries,
            now=self.now,
            random=self._random,
        )
