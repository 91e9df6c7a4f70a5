"""What a client holds of a session: an opaque id, signed, which says nothing and cannot be guessed."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256

from holdfast.errors import UsageError

__all__ = ["Tickets"]

_ID_BYTES = 32
"""Random bytes of an id: four times what OWASP asks for at least (Session Management Cheat Sheet)."""

_SHORTEST = 32
"""Characters of a secret: the length of what HMAC-SHA256 makes, below which RFC 2104 discourages keys."""


class Tickets:
    """Signs with the first of `keys`, and knows what any of them has signed."""

    __slots__ = ("_keys",)

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._keys = keys

    @classmethod
    def of(cls, variable: str, environ: Mapping[str, str]) -> Tickets:
        """Return those of the secrets in a variable, by commas, the newest first.

        Raises UsageError, placed at the variable, where it is missing or too short.
        """
        found = [secret.strip() for secret in environ.get(variable, "").split(",") if secret.strip()]
        if not found:
            raise UsageError("sessions are signed with it, and it is not set", place=variable)
        if any(len(secret) < _SHORTEST for secret in found):
            raise UsageError(f"a secret has at least {_SHORTEST} characters", place=variable)
        return cls(tuple(secret.encode() for secret in found))

    def new(self) -> str:
        """Return a new id."""
        return secrets.token_urlsafe(_ID_BYTES)

    def sign(self, session_id: str) -> str:
        """Return the ticket for an id."""
        return f"{session_id}.{self._mac(self._keys[0], session_id)}"

    def read(self, ticket: str) -> str | None:
        """Return the id that a ticket is for; None where nobody here has signed it."""
        session_id, _, mac = ticket.partition(".")
        given = mac.encode("utf-8", "replace")
        if not session_id.isascii():
            return None
        for key in self._keys:
            if hmac.compare_digest(self._mac(key, session_id).encode(), given):
                return session_id
        return None

    def stored_as(self, session_id: str) -> str:
        """Return the key of a session: who reads the store cannot make a ticket of it, nor of the id."""
        return sha256(session_id.encode()).hexdigest()

    def _mac(self, key: bytes, session_id: str) -> str:
        return hmac.new(key, b"holdfast session " + session_id.encode(), sha256).hexdigest()
