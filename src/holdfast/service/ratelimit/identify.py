"""Who a caller is, as text that is safe to keep: the key under which its calls are counted.

What is secret or personal is hashed before anything stores or logs it. Addresses are not: whoever reads the
store of a service under attack wants to see them.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any
from uuid import UUID

from holdfast.errors import UsageError
from holdfast.service.caller import Callers

__all__ = ["by_api_key", "by_client", "by_principal", "by_user"]


def by_client(callers: Callers, scope: Mapping[str, Any]) -> str:
    """Return the key of the client's address: an IPv6 client is its network. One key for all without any."""
    return f"client:{callers.caller(scope).group or '-'}"


def by_api_key(header: bytes, callers: Callers, scope: Mapping[str, Any]) -> str:
    """Return the key of the API key in `header`; of the client's address where there is none."""
    for name, value in scope["headers"]:
        if name == header:
            return f"api-key:{_hashed(value)}" if value else by_client(callers, scope)
    return by_client(callers, scope)


def by_user(callers: Callers, scope: Mapping[str, Any]) -> str:
    """Return the key of `scope["user"]` (by Starlette's AuthenticationMiddleware); without, the address's."""
    user = scope.get("user")
    if user is None or not user.is_authenticated:
        return by_client(callers, scope)
    try:
        name = user.identity
    except NotImplementedError:  # Starlette's SimpleUser has a name only
        name = user.display_name
    return by_principal(name, callers, scope)


def by_principal(principal: object, callers: Callers, scope: Mapping[str, Any]) -> str:
    """Return the key of whom the app has authenticated; of the client's address for None.

    Raises UsageError for what is neither text, bytes, a whole number nor a UUID: the text of any other object
    may be a new one for every request.
    """
    if principal is None:
        return by_client(callers, scope)
    if isinstance(principal, bytes):
        return f"principal:{_hashed(principal)}"
    if isinstance(principal, (str, int, UUID)) and not isinstance(principal, bool):
        return f"principal:{_hashed(str(principal).encode('utf-8', 'surrogatepass'))}"
    kind = type(principal).__name__
    raise UsageError(f"expected text, bytes, a whole number, a UUID or None for who calls, got {kind}")


def _hashed(secret: bytes) -> str:
    return blake2b(secret, digest_size=16, person=b"holdfast").hexdigest()
