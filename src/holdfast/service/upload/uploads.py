"""The uploads of one app: made by name from the budget, and swept when the service starts."""

from __future__ import annotations

import logging

from fastapi import FastAPI

from holdfast.budget import Loaded
from holdfast.errors import UsageError
from holdfast.service.observing import tell
from holdfast.service.upload.depend import uploading
from holdfast.service.upload.describe import describe
from holdfast.service.upload.disk import Disk
from holdfast.service.upload.kinds import EXTENSIONS
from holdfast.service.upload.limits import Limits
from holdfast.service.upload.multipart import require
from holdfast.service.upload.sink import Sink
from holdfast.telemetry.board import Slot

__all__ = ["Uploads"]

_log = logging.getLogger("holdfast.upload")


class Uploads:
    """Of one held app."""

    __slots__ = ("_loaded", "_missing", "_sinks")

    def __init__(self, app: FastAPI, loaded: Loaded) -> None:
        self._loaded = loaded
        self._sinks: list[Sink] = []
        self._missing: dict[str, list[str]] = {}
        describe(app)

    def make(self, name: str, sink: Sink | None, *, raw: bool) -> object:
        """Return the annotation that receives the upload `name`; `sink` None: as the budget says.

        Raises UsageError, where there is one at its place in the budget.
        """
        section = self._loaded.budget.upload.get(name)
        if section is None:
            known = ", ".join(self._loaded.budget.upload) or "none"
            raise UsageError(f'the budget has no upload "{name}"; known: {known}', place="hold.upload")
        limits = Limits.of(section)
        if unknown := limits.types - EXTENSIONS.keys() if not limits.any_type else None:
            message = f"no file is recognised as {', '.join(sorted(unknown))}; known: {', '.join(EXTENSIONS)}"
            raise UsageError(message, place=self._loaded.place(f"upload.{name}.types"))
        if sink is None and section.directory is None:
            message = "neither a directory in the budget nor a sink says where its files go"
            raise UsageError(message, place=self._loaded.place(f"upload.{name}"))
        if not raw:
            require()
        chosen = Disk(section.directory or "") if sink is None else sink
        self._sinks.append(chosen)
        decided = {"size": section.size, "files": section.files, "types": section.types}
        if missing := [f"upload.{name}.{key}" for key, value in decided.items() if not value]:
            self._missing[name] = missing
        return uploading(limits, chosen, raw=raw)

    def tell(self, slot: Slot) -> None:
        """Say which uploads are not bounded."""
        for name, missing in self._missing.items():
            tell(slot, f"upload {name}", missing)

    async def sweep(self) -> None:
        """Remove what processes that were killed left; what fails is told and stops nothing."""
        for sink in self._sinks:
            try:
                swept = await sink.sweep()
            except Exception:  # noqa: BLE001 - the sink's own
                _log.exception("the leftovers of uploads were not removed")
                continue
            if swept:
                _log.warning("%d files of uploads that were cut short were removed", swept)
