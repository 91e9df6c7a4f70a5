"""What a file is, by its content."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.service.upload.kinds import EXTENSIONS, HEAD, UNKNOWN, Text, recognise

BEGINNINGS = {
    "application/gzip": b"\x1f\x8b\x08\x00",
    "application/ogg": b"OggS\x00\x02",
    "application/pdf": b"%PDF-1.7\n",
    "application/zip": b"PK\x03\x04\x14",
    "audio/flac": b"fLaC\x00",
    "audio/mpeg": b"ID3\x04\x00",
    "audio/wav": b"RIFF\x24\x08\x00\x00WAVEfmt ",
    "image/avif": b"\x00\x00\x00\x20ftypavif",
    "image/bmp": b"BM\x36\x00\x0c\x00\x00\x00\x00\x00\x36\x00",
    "image/gif": b"GIF89a\x01\x00",
    "image/heic": b"\x00\x00\x00\x18ftypheic",
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "image/png": b"\x89PNG\r\n\x1a\n\x00",
    "image/tiff": b"II*\x00\x08",
    "image/webp": b"RIFF\x1a\x00\x00\x00WEBPVP8L",
    "text/html": b"  <!DOCTYPE html><script>",
    "text/plain": "day;degrees\nMärz;7\n".encode(),
    "text/xml": b'\xef\xbb\xbf<?xml version="1.0"?><svg/>',
    "video/mp4": b"\x00\x00\x00\x20ftypisom",
    "video/quicktime": b"\x00\x00\x00\x14ftypqt  ",
    "video/webm": b"\x1aE\xdf\xa3\x9f",
    "application/octet-stream": b"\x00\x01\x02\x03",
}


@pytest.mark.parametrize("media_type", BEGINNINGS)
def test_a_kind_is_known_by_its_beginning(media_type: str) -> None:
    assert recognise(BEGINNINGS[media_type] + bytes(100 if media_type[:4] != "text" else 0)) == media_type


def test_every_kind_has_a_beginning_here_and_a_name() -> None:
    assert BEGINNINGS.keys() == EXTENSIONS.keys()


def test_frames_without_tags_are_music_and_a_byte_order_mark_is_not() -> None:
    assert recognise(b"\xff\xfb\x90\x64" + bytes(60)) == "audio/mpeg"
    assert recognise("text".encode("utf-16")) == UNKNOWN


@pytest.mark.parametrize("text", [b"<svg onload=alert(1)>", b"<html>", b"\n\t<script>", b"<a href=x>"])
def test_what_a_browser_may_run_is_no_plain_text(text: bytes) -> None:
    assert recognise(text) == "text/html"


def test_text_may_begin_with_the_letters_of_a_picture() -> None:
    assert recognise(b"BMW sold more cars") == "text/plain"


@given(st.binary(max_size=2 * HEAD))
def test_whatever_comes_has_a_kind(head: bytes) -> None:
    assert recognise(head) in EXTENSIONS


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])), st.data())
def test_text_is_text_however_it_is_cut(text: str, data: st.DataObject) -> None:
    whole = text.encode()
    cut = data.draw(st.integers(0, len(whole)))
    seen = Text()
    assert seen.goes_on(whole[:cut])
    assert seen.goes_on(whole[cut:])
    assert seen.ends()


@pytest.mark.parametrize("data", [b"a\x00b", b"\x7fELF", b"\xff", b"\x08"])
def test_control_characters_are_no_text(data: bytes) -> None:
    assert not Text().goes_on(data)


def test_half_a_character_is_no_end() -> None:
    seen = Text()
    assert seen.goes_on("ü".encode()[:1])
    assert not seen.ends()
