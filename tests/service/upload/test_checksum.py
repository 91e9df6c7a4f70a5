"""The digest that a client sends along, by RFC 9530."""

from __future__ import annotations

import base64
import hashlib

import pytest

from holdfast.errors import UploadRefused
from holdfast.service.upload.checksum import expected

DIGEST = hashlib.sha256(b"x").digest()
WORD = base64.b64encode(DIGEST).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"content-digest": f"sha-256=:{WORD}:"},
        {"repr-digest": f"sha-256=:{WORD}:"},
        {"content-digest": f"sha-512=:AAAA:, sha-256=:{WORD}:"},
    ],
)
def test_it_is_read(headers: dict[str, str]) -> None:
    assert expected(headers) == DIGEST


@pytest.mark.parametrize("headers", [{}, {"content-digest": "sha-512=:AAAA:"}, {"digest": "x"}])
def test_others_are_left_alone(headers: dict[str, str]) -> None:
    assert expected(headers) is None


@pytest.mark.parametrize("word", ["AAAA", "====", "", "A"])
def test_what_is_no_digest_is_refused(word: str) -> None:
    with pytest.raises(UploadRefused):
        expected({"content-digest": f"sha-256=:{word}:"})
