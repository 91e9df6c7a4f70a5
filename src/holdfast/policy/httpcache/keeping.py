"""For how long a cache keeps a response, and by which tags it drops it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from holdfast.policy.cache import Source
from holdfast.policy.cache.config import CacheConfig
from holdfast.policy.httpcache.fields import Headers, members, values
from holdfast.policy.httpcache.stored import FORM, Stored, Terms

__all__ = ["capped", "source_of", "tags_of", "target"]


def target(path: str) -> str:
    """Return the tag of everything that is stored of a path, whatever its query, and in all its variants.

    More than RFC 9111 asks for (4.4): what changes `/orders` changes `/orders?page=2` too. A tag of the app's
    has no space, so that none is one of these.
    """
    return f"target {path}"


def tags_of(headers: Headers) -> Iterable[str]:
    """Return the tags that a response names for CDNs: Surrogate-Key, by spaces, and Cache-Tag, by commas."""
    for line in values(headers, b"surrogate-key"):
        yield from line.split()
    for line in values(headers, b"cache-tag"):
        yield from ("".join(tag.split()) for tag in members(line))


def capped(terms: Terms, config: CacheConfig) -> Terms:
    """Return `terms`, fresh for no longer than the cache's own time."""
    return replace(terms, lifetime=min(terms.lifetime, config.ttl))


def source_of(config: CacheConfig) -> Source[Stored]:
    """Return where the responses of a cache come from."""
    return Source(FORM, tags=_tags, times=_times(config))


def _tags(stored: Stored) -> tuple[str, ...]:
    return stored.tags


def _times(config: CacheConfig) -> Callable[[Stored], tuple[float, float]]:
    def times(stored: Stored) -> tuple[float, float]:
        fresh = 0.0 if stored.terms.confirm else max(0.0, stored.terms.lifetime - stored.age)
        # What can be confirmed is worth keeping for that, also when it is never served unasked.
        can_confirm = config.ttl if stored.validators else 0.0
        return fresh, max(config.stale, can_confirm - fresh)

    return times
