"""What a client has on one event loop: its policies' state and its connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2

from holdfast.client.perloop import PerLoop
from holdfast.policy.call.pipeline import Pipeline

__all__ = ["Lane", "Lanes"]


@dataclass(frozen=True, slots=True)
class Lane:
    """The pipeline and the connection pool of one loop."""

    pipeline: Pipeline[Any]
    pool: httpx2.AsyncBaseTransport


class Lanes(PerLoop[Lane]):
    """One lane a loop."""

    __slots__ = ()

    async def aclose(self) -> None:
        """Close the running loop's connections; another loop's can only be closed there."""
        lane = self.pop()
        if lane is not None:
            await lane.pool.aclose()
