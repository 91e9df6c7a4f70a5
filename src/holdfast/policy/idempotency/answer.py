"""The answer that is kept for a key, and which of its headers are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["DROPPED", "Answer", "Headers"]

Headers = tuple[tuple[bytes, bytes], ...]

DROPPED = frozenset(
    (
        # They belong to one connection (RFC 9110, 7.6.1) or one message.
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"),
        *(b"te", b"trailer", b"transfer-encoding", b"upgrade", b"content-length", b"date", b"server"),
        # A session that was given to one request is not given again to whoever holds its key.
        b"set-cookie",
        # They speak of the one request.
        *(b"x-request-id", b"server-timing", b"traceparent", b"tracestate"),
    )
)
"""Headers that are not kept, in small letters."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `body` None where it was too large to be kept."""

    status: int
    headers: Headers
    body: bytes | None

    @classmethod
    def of(cls, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes, most: int) -> Answer:
        """Return what is kept of an answer whose body may have `most` bytes."""
        kept = tuple((name, value) for name, value in headers if name.lower() not in DROPPED)
        return cls(status, kept, body if len(body) <= most else None)

    def dump(self) -> bytes:
        """Return it as one line of JSON and the body."""
        named = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in self.headers]
        meta = json.dumps({"status": self.status, "headers": named, "kept": self.body is not None})
        return meta.encode("ascii") + b"\n" + (self.body or b"")

    @classmethod
    def load(cls, stored: bytes) -> Answer:
        """Return what `dump` gave. Raises ValueError for anything else."""
        meta, _, body = stored.partition(b"\n")
        try:
            known = json.loads(meta)
            pairs = ((name.encode("latin-1"), value.encode("latin-1")) for name, value in known["headers"])
            return cls(int(known["status"]), tuple(pairs), body if known["kept"] else None)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"not a stored answer: {stored[:60]!r}") from error
