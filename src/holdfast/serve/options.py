"""What `holdfast serve` runs: the budget's numbers and the command's words, checked and in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.errors import UsageError
from holdfast.policy.mode import Mode
from holdfast.service.health.config import HealthConfig
from holdfast.telemetry.buckets import BOUNDS

__all__ = ["BOOT", "CLOSING", "GRACE", "INTERIM", "KEEPALIVE", "KILL", "STALL", "Options", "checked_app"]

BOOT = 30.0
"""Seconds until a worker must serve: Gunicorn's default `timeout`, which it does not apply to booting."""

KILL = 30.0
"""Seconds of silence after which a worker is killed: Gunicorn's default `timeout`."""

STALL = 0.1
"""Seconds that a loop may stand still unreported: asyncio's own `slow_callback_duration`."""

INTERIM = 1.0
"""Seconds after which a stall that lasts is told: short enough to be read by whoever is called."""

GRACE = 30.0
"""Seconds from the end of the announcement to the end: Gunicorn's default `graceful_timeout`."""

KEEPALIVE = 5.0
"""Seconds that an idle connection is kept: Uvicorn's default."""

CLOSING = 2.0
"""Seconds of the grace that the app's own shutdown (closing pools) has, as the budget's derivation has it."""

_APP = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\(.*\))?")


@dataclass(frozen=True, slots=True)
class Options:
    """All times in seconds.

    `grace` runs from the end of the announcement and has the app's own shutdown in it; `max_requests` 0 is no
    recycling, `jitter` is how many more it may be; `proxies` are those whose X-Forwarded-For is believed;
    `workers_said` is whether the command gave the number, and the budget does not know it. `bounds` are
    those of the latency histograms, with the objectives among them.
    """

    app: str
    workers: int
    workers_said: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    admin_host: str = "127.0.0.1"
    admin_port: int = 8001
    boot: float = BOOT
    kill: float = KILL
    kill_mode: Mode = Mode.ENFORCE
    stall: float = STALL
    announce: float = 0.0
    grace: float = GRACE
    keepalive: float = KEEPALIVE
    max_requests: int = 0
    jitter: int = 0
    server: str = "gunicorn"
    proxies: tuple[str, ...] = ()
    health: HealthConfig = field(default_factory=HealthConfig)
    stall_log: Path | None = None
    verbose: bool = False
    budget: Path | None = None
    environment: str | None = None
    bounds: tuple[float, ...] = BOUNDS

    @property
    def finishing(self) -> float:
        """Seconds that requests in flight have after the announcement, before they are cancelled."""
        return max(self.grace - CLOSING, self.grace / 2)

    @property
    def closing(self) -> float:
        """Seconds of the grace after that: for streams, background work and the app's own shutdown."""
        return self.grace - self.finishing


def checked_app(text: str, place: str = "APP") -> str:
    """Return `text` if it reads as MODULE:ATTRIBUTE or MODULE:FACTORY(); raises `UsageError`."""
    if _APP.fullmatch(text):
        return text
    hint = ""
    if text.endswith(".py"):
        hint = f" (did you mean {text[:-3].strip('./').replace('/', '.')}:app?)"
    elif ":" not in text:
        hint = f" (did you mean {text}:app?)"
    raise UsageError(f"expected MODULE:ATTRIBUTE, for example shop.main:app, not {text!r}{hint}", place=place)
