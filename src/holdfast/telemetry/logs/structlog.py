"""A processor for structlog: the labels of the request, and no secrets, in the event itself.

    structlog.configure(processors=[..., Correlating(), structlog.processors.JSONRenderer()])

Where structlog logs through the standard library, the handler does both and needs no processor.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from holdfast.telemetry.logs.correlation import labels
from holdfast.telemetry.logs.plain import plain
from holdfast.telemetry.redaction import Redactor

__all__ = ["Correlating"]

_STRUCTLOGS = ("exc_info", "stack_info")


class Correlating:
    """Adds the labels that an event has not, and takes secrets out of it. Put it before the renderer, and
    after what turns `exc_info` into text."""

    __slots__ = ("_redactor",)

    def __init__(self, redactor: Redactor | None = None) -> None:
        self._redactor = Redactor() if redactor is None else redactor

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Return the event as the next processor takes it."""
        for name, value in event.items():
            if name[:1] != "_" and name not in _STRUCTLOGS:
                event[name] = self._redactor.data({name: plain(value)})[name]
        for name, value in labels().items():
            event.setdefault(name, value)
        return event
