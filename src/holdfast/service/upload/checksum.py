"""The digest that a client sends with a body, by RFC 9530."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from holdfast.errors import UploadRefused

__all__ = ["expected"]

_SHA_256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]*):")


def expected(headers: Mapping[str, str]) -> bytes | None:
    """Return the SHA-256 of `Content-Digest` or `Repr-Digest`, None where there is none.

    Other algorithms are left alone, as the RFC has it. Raises UploadRefused for a malformed one.
    """
    for name in ("content-digest", "repr-digest"):
        found = _SHA_256.search(headers.get(name, ""))
        if found is None:
            continue
        try:
            digest = base64.b64decode(found[1], validate=True)
        except binascii.Error:
            digest = b""
        if len(digest) != 32:
            raise UploadRefused(f"{name}: expected the 32 bytes of a SHA-256 in base64")
        return digest
    return None
