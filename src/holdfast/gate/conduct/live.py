"""Whoever shows how a run goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["Live", "Unseen"]


class Live(Protocol):
    """Told what happens, on the loop's thread; returns at once."""

    def phase(self, name: str, seconds: float, detail: str) -> None:
        """A phase begins."""

    def progress(self, line: Mapping[str, Any]) -> None:
        """A progress line of the driver arrived."""

    def note(self, text: str) -> None:
        """Something worth a line happened."""

    def stalls(self, count: int) -> None:
        """So many stalls were seen so far."""


class Unseen:
    """Fits `Live` and shows nothing: where somebody else has the terminal."""

    def phase(self, name: str, seconds: float, detail: str) -> None:
        """Ignore it."""

    def progress(self, line: Mapping[str, Any]) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""

    def stalls(self, count: int) -> None:
        """Ignore it."""
