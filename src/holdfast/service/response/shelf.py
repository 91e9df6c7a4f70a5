"""Where the responses of one route are kept, and under which keys."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable

from starlette.requests import Request
from starlette.types import Scope

from holdfast.clock import Now
from holdfast.errors import UsageError
from holdfast.policy.cache import CacheGuard, Source, bounded, canonical
from holdfast.policy.cache.config import CacheConfig
from holdfast.policy.httpcache import Asking, Stored, Terms, Who, terms_of
from holdfast.policy.httpcache.core import shared_by
from holdfast.policy.httpcache.directives import parse
from holdfast.policy.httpcache.fields import Headers, storable
from holdfast.policy.httpcache.freshness import initial_age
from holdfast.policy.httpcache.keeping import capped, source_of, tags_of, target
from holdfast.policy.httpcache.stored import FORM
from holdfast.policy.httpcache.vary import EVERYTHING, names, selecting
from holdfast.service.cache.home import Home
from holdfast.service.response.terms import RouteTerms
from holdfast.service.tenant import Tenant, tenant_of

__all__ = ["Shelf"]

_NAMES = 16
"""Request headers that responses of one route may vary on; more, and hardly two requests are alike."""

_NOT_KEPT = 1024
"""Keys that are remembered as not worth waiting for."""

_SHARE = 10
"""A response takes at most this part of the memory: the small queue of S3-FIFO, through which all come in."""


class Shelf:
    """Of one route; what lies on it is in the cache of the budget that it names, with that of other routes.

    `tenant`: whose responses they are, None where they are everybody's. `wall`: seconds since 1970, the clock
    that workers share.
    """

    __slots__ = ("_config", "_names", "_not_kept", "_tenant", "_terms", "home", "source", "wall")

    def __init__(
        self, home: Home, terms: RouteTerms, config: CacheConfig, tenant: Tenant | None, wall: Now = time.time
    ) -> None:
        self.home = home
        self.source: Source[Stored] = source_of(config)
        self.wall = wall
        self._config = config
        self._terms = terms
        self._tenant = tenant
        self._names = tuple(filter(None, terms.vary.lower().split(", ")))
        self._not_kept: OrderedDict[str, float] = OrderedDict()

    @property
    def shared(self) -> Who:
        """For whom responses are that say what the budget says of them."""
        return shared_by(parse([(b"cache-control", self._terms.cache_control)]))

    @property
    def largest(self) -> int:
        """Bytes of the largest body that is kept."""
        return self._config.limit // _SHARE

    @property
    def stale(self) -> float:
        """For how many seconds anything may be used after it was fresh."""
        return self._config.stale

    async def key(self, scope: Scope) -> str | None:
        """Return the key of a request; None where it is not known whose response it would be."""
        whose = ""
        if self._tenant is not None:
            try:
                whose = await tenant_of(self._tenant, Request(scope))
            except UsageError:
                return None
        headers = scope["headers"]
        host = b"".join(value for name, value in headers if name == b"host").decode("latin-1").lower()
        parts = (whose, scope["scheme"], host, scope["path"], scope["query_string"].decode("latin-1"))
        return bounded(f"{FORM.version}/{canonical(parts + self._names + selecting(headers, self._names))}")

    def terms(self, asking: Asking, status: int, headers: Headers, received: float) -> Terms | None:
        """Return on which terms a response is kept; None where it is not.

        One that varies on what was not known to matter is not kept either: its key does not say it.
        """
        found = terms_of(asking, status, headers, received)
        varies = names(headers)
        if varies - {EVERYTHING} - set(self._names):
            learned = tuple(sorted({*self._names, *varies} - {EVERYTHING}))
            if len(learned) <= _NAMES:
                self._names = learned
            return None
        return None if found is None else capped(found, self._config)

    def stored(
        self, scope: Scope, status: int, headers: Headers, body: bytes, terms: Terms, *, asked: float
    ) -> Stored:
        """Return a response as it is kept. `asked`: when it was asked for, seconds since 1970."""
        now = self.wall()
        kept = tuple(pair for pair in storable(headers) if pair[0] not in (b"age", b"content-length"))
        return Stored(
            status,
            (*kept, (b"content-length", b"%d" % len(body))),
            body,
            at=now,
            age=initial_age(headers, asked, now),
            terms=terms,
            tags=tuple(dict.fromkeys(self._tags(scope, headers))),
        )

    def drop(self, key: str, now: float) -> None:
        """Remember that what is asked for by `key` is not kept: for a while nobody waits for another's."""
        self._not_kept[key] = now + self._config.pause
        self._not_kept.move_to_end(key)
        if len(self._not_kept) > _NOT_KEPT:
            self._not_kept.popitem(last=False)

    def dropped(self, key: str, now: float) -> bool:
        """Whether that was so a moment ago."""
        until = self._not_kept.get(key)
        if until is not None and until <= now:
            del self._not_kept[key]
        return until is not None and now < until

    def here(self) -> CacheGuard | None:
        """Return what keeps them on the running loop; None where a number is missing, or it is off."""
        return self.home.here()

    def _tags(self, scope: Scope, headers: Headers) -> Iterable[str]:
        yield target(scope["path"])
        yield from self._terms.tags(scope.get("path_params", {}))
        yield from tags_of(headers)
