"""What a route gets of an upload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.errors import UploadRefused

__all__ = ["File", "Received"]


@dataclass(frozen=True, slots=True)
class File:
    """A file that was kept.

    `field`: of the form, "" for a raw body. `filename`: what the client calls it, to be shown and never to be
    used as a path. `name`: what the server calls it, and `location` where the sink has it. `media_type`:
    recognised by the content. `size` in bytes; `sha256` in hexadecimal.
    """

    field: str
    filename: str
    name: str
    location: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Received:
    """A whole upload: its files in the order they came, and the values of the form's other fields."""

    files: tuple[File, ...]
    fields: Mapping[str, tuple[str, ...]]

    @property
    def file(self) -> File:
        """The one file. Raises UploadRefused, a 400, where there is none, or more."""
        if len(self.files) != 1:
            raise UploadRefused(f"one file is expected, {len(self.files)} came")
        return self.files[0]
