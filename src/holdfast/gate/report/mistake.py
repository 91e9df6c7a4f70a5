"""What a report needs to know of a mistake and its mending, wherever these are kept."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Mistake"]


class Mistake(Protocol):
    """What the page needs to know of a mistake; code is source text, a place is file:line."""

    @property
    def slug(self) -> str:
        """A short name, fit for a link."""

    @property
    def title(self) -> str:
        """What the mistake is, one line."""

    @property
    def harm(self) -> str:
        """What it does to users, one or two sentences."""

    @property
    def fragile_code(self) -> str:
        """The lines with the mistake."""

    @property
    def fragile_place(self) -> str:
        """Where they are."""

    @property
    def held_code(self) -> str:
        """The lines that mend it."""

    @property
    def held_place(self) -> str:
        """Where they are."""

    @property
    def project(self) -> str:
        """A public project that made the mistake and mended it."""

    @property
    def reference(self) -> str:
        """Where that can be read; made a link only if it is one."""
