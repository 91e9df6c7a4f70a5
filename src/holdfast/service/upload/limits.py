"""What an upload is held to: the numbers of [upload.NAME], as the reception asks them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.budget.model.upload import ANY
from holdfast.budget.units import format_bytes
from holdfast.errors import UploadTooLarge, UploadUnsupported

if TYPE_CHECKING:
    from holdfast.budget.model.upload import Upload

__all__ = ["Limits"]

_PER_PART = 32 << 10
"""Bytes of a part that are no content: its boundary and headers, of which the parser takes 8 of 4 KiB."""

_PARTS = 100
"""Fields beside the files, and files that were left empty: parts that hold nothing cost memory too."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one upload: `size` and `fields` in bytes; None, and no `types`, where nothing is decided."""

    size: int | None
    files: int | None
    types: frozenset[str]
    fields: int

    @classmethod
    def of(cls, section: Upload) -> Limits:
        """Return those that the budget names."""
        return cls(section.size, section.files, frozenset(section.types), section.fields)

    @property
    def any_type(self) -> bool:
        """Whether files may be whatever they are."""
        return not self.types or ANY in self.types

    def body(self, *, multipart: bool) -> int | None:
        """Return the most bytes that a whole body can have, None where nothing bounds it."""
        if self.size is None or not multipart:
            return self.size
        if self.files is None:
            return None
        return self.files * self.size + self.fields + (self.files + _PARTS) * _PER_PART

    def check_body(self, length: int, *, multipart: bool) -> None:
        """Raise UploadTooLarge for a body of `length` bytes that cannot hold what is taken only."""
        limit = self.body(multipart=multipart)
        if limit is not None and length > limit:
            raise UploadTooLarge(f"the body is larger than {format_bytes(limit)}", limit=limit)

    def check_size(self, size: int) -> None:
        """Raise UploadTooLarge for a file of `size` bytes so far."""
        if self.size is not None and size > self.size:
            raise UploadTooLarge(f"a file is larger than {format_bytes(self.size)}", limit=self.size)

    def check_files(self, count: int) -> None:
        """Raise UploadTooLarge for the `count`th file."""
        if self.files is not None and count > self.files:
            raise UploadTooLarge(f"more than {self.files} files", limit=self.files, unit="files")

    def check_fields(self, count: int, size: int) -> None:
        """Raise UploadTooLarge for `count` fields of `size` bytes in all, their names included."""
        if size > self.fields:
            message = f"the fields are larger than {format_bytes(self.fields)}"
            raise UploadTooLarge(message, limit=self.fields)
        if count > _PARTS:
            raise UploadTooLarge(f"more than {_PARTS} fields", limit=_PARTS, unit="fields")

    def check_type(self, media_type: str) -> None:
        """Raise UploadUnsupported for a file that is of no type that is taken."""
        if not self.any_type and media_type not in self.types:
            accepted = tuple(sorted(self.types))
            raise UploadUnsupported(
                f"a file is of type {media_type}; taken: {', '.join(accepted)}", accepted=accepted
            )
