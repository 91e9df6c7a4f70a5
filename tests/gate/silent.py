"""Somebody who is told how a run goes and shows nothing of it."""

from __future__ import annotations


class Silent:
    """Fits `holdfast.gate.conduct.live.Live`."""

    def phase(self, name: str, seconds: float, detail: str) -> None:
        pass

    def progress(self, line: object) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def stalls(self, count: int) -> None:
        pass
