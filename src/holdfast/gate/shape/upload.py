"""A file in a form, as browsers send it: multipart/form-data (RFC 7578) with one part."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from holdfast.errors import UsageError
from holdfast.gate.shape.check import Place

__all__ = ["FORM", "Upload", "read_upload"]

_BOUNDARY = "holdfast-gate-3f9c1b7a6d5e4820"
FORM = f"multipart/form-data; boundary={_BOUNDARY}"
"""The Content-Type of a request with an upload."""


class Upload(Protocol):
    """What is uploaded, as a budget says it; there `size` is called `bytes`."""

    @property
    def size(self) -> int | None:
        """Bytes to make up."""

    @property
    def file(self) -> str | None:
        """The file to send, relative to the budget's folder."""

    @property
    def field(self) -> str:
        """The name of the form's field."""

    @property
    def name(self) -> str:
        """The name that the file is given."""

    @property
    def type(self) -> str:
        """Its media type."""


def read_upload(upload: Upload, dotted: str, *, base: Path, place: Place) -> bytes:
    """Return the form; UsageError, at its place, where the file cannot be read."""
    content = _content(upload, base, place(f"{dotted}.upload"))
    head = (
        f"--{_BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="{upload.field}"; filename="{upload.name}"\r\n'
        f"Content-Type: {upload.type}\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()


def _content(upload: Upload, base: Path, place: str) -> bytes:
    if upload.file is None:
        # Random bytes do not compress, as pictures do not; the same in every run.
        return np.random.default_rng(upload.size).bytes(upload.size or 0)
    path = base / upload.file
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", place=place) from None
