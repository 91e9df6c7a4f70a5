"""The parser: the same parts, however the body is cut; nothing of what is malformed."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import UploadRefused
from holdfast.service.upload.multipart import Begin, Multipart, boundary_of
from tests.service.upload.held import PNG, form

TYPE, BODY = form(
    ("title", None, "für alle".encode()),
    ("file", "a.png", PNG + b"\r\n--b0undar\r\n--" + bytes(300)),
    ("file", "", b""),
    ("last", None, b""),
)


def parts(pieces: list[bytes]) -> list[tuple[str, str | None, bytes]]:
    """Return name, filename and content of each part."""
    form = Multipart(b"b0undary")
    found: list[tuple[str, str | None, bytes]] = []
    begun: Begin | None = None
    content = b""
    for piece in pieces:
        for event in form.feed(piece):
            if isinstance(event, Begin):
                assert begun is None
                begun, content = event, b""
            elif isinstance(event, bytes):
                content += event
            else:
                assert begun is not None
                found.append((begun.name, begun.filename, content))
                begun = None
    assert form.complete
    return found


@given(st.lists(st.integers(0, len(BODY)), max_size=12).map(sorted))
def test_the_parts_are_the_same_however_the_body_is_cut(cuts: list[int]) -> None:
    at = [0, *cuts, len(BODY)]
    assert parts([BODY[a:b] for a, b in itertools.pairwise(at)]) == [
        ("title", None, "für alle".encode()),
        ("file", "a.png", PNG + b"\r\n--b0undar\r\n--" + bytes(300)),
        ("file", "", b""),
        ("last", None, b""),
    ]


def test_one_byte_at_a_time() -> None:
    assert len(parts([BODY[at : at + 1] for at in range(len(BODY))])) == 4


@pytest.mark.parametrize(
    "body",
    [
        b"no boundary at all",
        b"--b0undary\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b0undary--",
        b"--b0undary\r\nContent-Type: text/plain\r\n\r\nx\r\n--b0undary--",
        b"--b0undary\r\n" + b"x" * 100_000,
        b"--b0undary\r\n" + b"a: b\r\n" * 1000,
    ],
    ids=["no-boundary", "no-name", "no-disposition", "endless-header", "many-headers"],
)
def test_what_is_malformed_is_refused(body: bytes) -> None:
    with pytest.raises(UploadRefused):
        Multipart(b"b0undary").feed(body)


def test_a_boundary_without_end_is_refused() -> None:
    with pytest.raises(UploadRefused):
        Multipart(b"b" * 10_000)


def test_other_bodies_have_no_boundary() -> None:
    assert boundary_of(TYPE) == b"b0undary"
    assert boundary_of("multipart/form-data") is None
    assert boundary_of("application/json; boundary=x") is None
    assert boundary_of("") is None
