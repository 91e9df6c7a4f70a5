"""A breaker for each host of a dependency, of which only a share may be open at a time.

One bad host of ten fails a tenth of the calls: too few to open a breaker over all, and more than enough to
hurt. But where most hosts look bad, the fault is rather here or between, and what is left would be overrun:
so those that open beyond the share let their calls pass. After Envoy's outlier detection and its
`max_ejection_percent`, which also ejects one host at least.
"""

from __future__ import annotations

from holdfast.clock import Now, monotonic
from holdfast.events import BreakerChanged, Bus
from holdfast.policy.breaker.config import BreakerConfig
from holdfast.policy.breaker.guard import UNCOUNTED, BreakerGuard
from holdfast.policy.breaker.states import Signal, State

__all__ = ["HostBreakers"]

# Far above what one dependency has; where hosts come from users, as those of webhooks do, it bounds memory.
_MOST_HOSTS = 1000


class HostBreakers:
    """Of one dependency on one loop. `of(host)` is the host's breaker, to be used as any other.

    The dependency is shown as open when every known host is, and as half-open when some are not closed.
    """

    __slots__ = ("_bus", "_config", "_ejected", "_guards", "_now", "_share", "_shown", "dependency")

    def __init__(
        self, dependency: str, config: BreakerConfig, share: float, *, bus: Bus, now: Now = monotonic
    ) -> None:
        self.dependency = dependency
        self._config = config
        self._share = share
        self._bus = bus
        self._now = now
        self._guards: dict[str, _HostBreaker] = {}
        self._ejected: dict[str, None] = {}  # the hosts that are not closed, those of the longest time first
        self._shown = State.CLOSED.shown

    def of(self, host: str) -> BreakerGuard:
        """Return the breaker of `host`, made when it is first seen."""
        guard = self._guards.get(host)
        return self._open(host) if guard is None else guard

    def spares(self, host: str) -> bool:
        """Whether calls to `host` pass although its breaker is open: enough others are left alone."""
        allowed = max(1, int(self._share * len(self._guards)))
        return list(self._ejected).index(host) >= allowed

    def changed(self, guard: BreakerGuard, host: str, now: float, new: State, why: Signal) -> None:
        """The breaker of `host` has come to the state `new`; one that was forgotten is not heard."""
        if self._guards.get(host) is not guard:
            return
        if new.shown == State.CLOSED.shown:
            self._ejected.pop(host, None)
        else:
            self._ejected.setdefault(host)
        shown = State.HALF_OPEN.shown if self._ejected else State.CLOSED.shown
        if all(guard.core.state.shown == State.OPEN.shown for guard in self._guards.values()):
            shown = State.OPEN.shown
        if shown != self._shown:
            old, self._shown = self._shown, shown
            self._bus.emit(BreakerChanged(now, self.dependency, old, shown, f"{host}: {why.value}"))

    def _open(self, host: str) -> BreakerGuard:
        if len(self._guards) >= _MOST_HOSTS:
            oldest = next((known for known in self._guards if known not in self._ejected), None)
            if oldest is not None:
                del self._guards[oldest]
        guard = self._guards[host] = _HostBreaker(self, host, self._config, bus=self._bus, now=self._now)
        return guard


class _HostBreaker(BreakerGuard):
    __slots__ = ("_host", "_hosts")

    def __init__(self, hosts: HostBreakers, host: str, config: BreakerConfig, *, bus: Bus, now: Now) -> None:
        self._hosts = hosts
        self._host = host
        super().__init__(hosts.dependency, config, bus=bus, now=now)

    def _refuse(self, now: float) -> int:
        return UNCOUNTED if self._hosts.spares(self._host) else super()._refuse(now)

    def _changed(self, now: float, old: State, new: State, why: Signal) -> None:
        self._hosts.changed(self, self._host, now, new, why)
