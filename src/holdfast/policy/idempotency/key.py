"""The key that a caller sends, and whose it is.

The header is a string of RFC 8941 (`"8e03978e"`), as the draft idempotency-key-header has it, or the same
characters without quotes, as most clients send it; both mean the same key.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from holdfast.errors import KeyInvalid

__all__ = ["HEADER", "LONGEST", "KeyId", "parse"]

HEADER = b"idempotency-key"
LONGEST = 255
"""Characters of a key, as with Stripe."""

_BARE = re.compile(rb"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+").fullmatch
"""Visible characters but quote, comma, semicolon and backslash, which would make it a list or a string."""
_QUOTED = re.compile(rb'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"').fullmatch


@dataclass(frozen=True, slots=True)
class KeyId:
    """A key within its tenant: one tenant's key never meets another's."""

    tenant: str
    key: str

    @classmethod
    def of(cls, tenant: str, key: str) -> KeyId:
        """Return the id; a tenant that is long or unprintable is stored as its hash."""
        if len(tenant) > LONGEST or not tenant.isprintable() or not tenant.isascii():
            tenant = "sha256:" + hashlib.sha256(tenant.encode("utf-8", "surrogatepass")).hexdigest()
        return cls(tenant, key)


def parse(values: list[bytes]) -> str | None:
    """Return the key of the header's `values`, None where there is none. Raises KeyInvalid."""
    if not values:
        return None
    if len(values) > 1:
        raise KeyInvalid(f"expected one Idempotency-Key, got {len(values)}")
    text = values[0].strip()
    if not text:
        raise KeyInvalid("the Idempotency-Key is empty")
    if quoted := _QUOTED(text):
        text = re.sub(rb"\\(.)", rb"\1", quoted[1])
        if not text.strip():
            raise KeyInvalid("the Idempotency-Key is empty")
    elif not _BARE(text):
        raise KeyInvalid("the Idempotency-Key holds characters that a key cannot have")
    if len(text) > LONGEST:
        raise KeyInvalid(f"the Idempotency-Key has {len(text)} characters, at most {LONGEST} are taken")
    return text.decode("ascii")
