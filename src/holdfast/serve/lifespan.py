"""The ASGI lifespan, with the reason of a failed start kept."""

from __future__ import annotations

from typing import Any

from uvicorn.lifespan.on import LifespanOn

__all__ = ["Lifespan"]


class Lifespan(LifespanOn):
    """Uvicorn's; `failure` is what the app said when its start-up failed (Starlette sends a traceback)."""

    failure = ""

    async def send(self, message: Any) -> None:
        """Take a message from the app."""
        if message["type"] == "lifespan.startup.failed":
            self.failure = message.get("message") or "no reason given"
        await super().send(message)
