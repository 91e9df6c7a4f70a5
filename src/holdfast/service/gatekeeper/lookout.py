"""What stands in for a deadline that is only observed: it tells, and cuts nothing."""

from __future__ import annotations

from holdfast.policy.deadline.wheel import Entry
from holdfast.policy.enforcement import Enforcement
from holdfast.service.gatekeeper.exchange import Exchange

__all__ = ["Lookout"]


class Lookout(Entry):
    """On the wheel for `exchange`; `cancel` it at the end."""

    __slots__ = ("_enforcement", "_exchange")

    def __init__(self, exchange: Exchange, enforcement: Enforcement) -> None:
        super().__init__()
        self._exchange = exchange
        self._enforcement = enforcement

    def due(self) -> None:
        """Tell, if it would have been answered 504: no answer has begun, and somebody waits for one."""
        exchange = self._exchange
        if not (exchange.status or exchange.overtaken or exchange.gone):
            self._enforcement.acts("cut", "no answer in time", exchange.route)
