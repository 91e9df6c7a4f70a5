"""multipart/form-data as it arrives: bytes in, parts out, nothing kept.

The grammar is python-multipart's, which FastAPI's own forms are parsed with; it bounds the headers of a part.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from holdfast.errors import UploadRefused, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["END", "Begin", "End", "Event", "Multipart", "boundary_of", "require"]


@dataclass(frozen=True, slots=True)
class Begin:
    """A part begins: the field `name`; a file where there is a `filename`, which may be empty."""

    name: str
    filename: str | None


@dataclass(frozen=True, slots=True)
class End:
    """The part has ended."""


END = End()

Event = Begin | bytes | End
"""Of one part: its begin, its data in pieces, its end."""


def require() -> Any:
    """Return the library. Raises UsageError where it is not installed."""
    try:
        return import_module("python_multipart.multipart")
    except ModuleNotFoundError as error:
        message = "forms with files need python-multipart: pip install 'holdfast[upload]'"
        raise UsageError(message, place="hold.upload") from error


def boundary_of(content_type: str) -> bytes | None:
    """Return what separates the parts of a body of this Content-Type, None where it is no form with parts."""
    kind, options = require().parse_options_header(content_type)
    if kind != b"multipart/form-data":
        return None
    boundary: bytes | None = options.get(b"boundary")
    return boundary or None


class Multipart:
    """Parses one body. `complete`: its last boundary has come."""

    __slots__ = ("_events", "_field", "_headers", "_library", "_parser", "_value", "complete")

    def __init__(self, boundary: bytes) -> None:
        self._library = require()
        self.complete = False
        self._events: list[Event] = []
        self._headers: dict[bytes, bytes] = {}
        self._field = self._value = b""
        callbacks = {
            "on_part_begin": self._headers.clear,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_part_end": lambda: self._events.append(END),
            "on_end": self._on_end,
        }
        try:
            self._parser = self._library.MultipartParser(boundary, callbacks)
        except ValueError as error:  # the library's errors are all of this kind
            raise UploadRefused("the boundary of the form is malformed") from error

    def feed(self, data: bytes) -> Sequence[Event]:
        """Return what `data` brings. Raises UploadRefused for what is no form."""
        self._events = []
        try:
            self._parser.write(data)
        except ValueError as error:
            raise UploadRefused("the form is malformed") from error
        return self._events

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _on_headers(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        kind, options = self._library.parse_options_header(disposition)
        if kind != b"form-data" or b"name" not in options:
            raise UploadRefused("a part of the form has no name")
        filename = options.get(b"filename")
        named = None if filename is None else _decoded(filename)
        self._events.append(Begin(_decoded(options[b"name"]), named))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(data[start:end])

    def _on_end(self) -> None:
        self.complete = True


def _decoded(name: bytes) -> str:
    """Return a name as browsers write it, in UTF-8; whatever else stays readable."""
    return name.decode("utf-8", "replace")
