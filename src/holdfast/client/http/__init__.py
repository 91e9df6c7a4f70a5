"""HTTP: an httpx2 client whose transport holds a dependency's policies. Needs the extra `http`."""

from __future__ import annotations

try:
    import httpx2 as _httpx2  # noqa: F401 - to say what is missing before anything else fails for it
except ImportError as error:  # pragma: no cover - the extra is installed where the tests run
    from holdfast.errors import UsageError

    raise UsageError('an HTTP dependency needs httpx2: pip install "holdfast[http]"') from error

from holdfast.client.http.client import BlockingClient, DependencyClient, blocking_client, client
from holdfast.client.http.fallback import AnswerFallback
from holdfast.client.http.transport import PolicyTransport

__all__ = [
    "AnswerFallback",
    "BlockingClient",
    "DependencyClient",
    "PolicyTransport",
    "blocking_client",
    "client",
]
