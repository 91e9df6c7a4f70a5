"""What a file is, by its first bytes: nothing that a client says of it is asked.

The signatures are those of the WHATWG's MIME Sniffing Standard (https://mimesniff.spec.whatwg.org/), of
ISO/IEC 14496-12 (the brands of "ftyp") and of the formats' own documents. A format that is packed in another,
as the documents of office programs are in ZIP, is told as what it is packed in.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["EXTENSIONS", "HEAD", "TEXT", "UNKNOWN", "Text", "recognise"]

HEAD = 512
"""First bytes that `recognise` wants to see; of a shorter file all."""

TEXT = "text/plain"
UNKNOWN = "application/octet-stream"

EXTENSIONS: Mapping[str, str] = MappingProxyType(
    {
        "application/gzip": ".gz",
        "application/pdf": ".pdf",
        "application/zip": ".zip",
        "audio/flac": ".flac",
        "audio/mpeg": ".mp3",
        "audio/wav": ".wav",
        "application/ogg": ".ogg",
        "image/avif": ".avif",
        "image/bmp": ".bmp",
        "image/gif": ".gif",
        "image/heic": ".heic",
        "image/jpeg": ".jpg",
        "image/png": ".png",
        "image/tiff": ".tif",
        "image/webp": ".webp",
        "text/html": ".html",
        "text/plain": ".txt",
        "text/xml": ".xml",
        "video/mp4": ".mp4",
        "video/quicktime": ".mov",
        "video/webm": ".webm",
        "application/octet-stream": ".bin",
    }
)
"""Every type that is told apart, and the end of the name that its files get."""

_BEGINS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),  # an empty one
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"OggS\x00", "application/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
)

_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}

_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"qt  ": "video/quicktime",
}

_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\x0c\r\x1b") + b"\x7f"
"""Bytes that text does not have: the standard's "binary data bytes", and DEL."""


def recognise(head: bytes) -> str:
    """Return the media type of what begins with `head`, `UNKNOWN` where nothing tells."""
    for signature, media_type in _BEGINS:
        if head.startswith(signature) and (media_type != "image/bmp" or _is_bitmap(head)):
            return media_type
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[2] & 0xF0 != 0xF0:
        return "audio/mpeg"  # a frame of layer III without tags: sync, then a bit rate that exists
    return _text(head)


def _is_bitmap(head: bytes) -> bool:
    """Whether the reserved fields are empty: "BM" alone may begin any text."""
    return head[6:10] == bytes(4)


def _text(head: bytes) -> str:
    if not Text().goes_on(head):
        return UNKNOWN
    begin = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if begin.startswith(b"<?xml"):
        return "text/xml"
    # Whatever else begins with a tag a browser may take for a page, and run what is in it; SVG as well.
    return "text/html" if begin.startswith(b"<") else TEXT


class Text:
    """Whether all of a file is text: UTF-8, without control characters."""

    __slots__ = ("_decoder",)

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def goes_on(self, data: bytes) -> bool:
        """Whether it still is, with `data` after what came before."""
        try:
            self._decoder.decode(data)
        except UnicodeDecodeError:
            return False
        return len(data.translate(None, _CONTROL)) == len(data)

    def ends(self) -> bool:
        """Whether no character is cut in two by the end."""
        return not self._decoder.getstate()[0]
