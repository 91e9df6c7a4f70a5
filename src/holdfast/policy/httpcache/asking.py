"""What a request says to a cache."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from holdfast.policy.httpcache.directives import MOST, no_cache_pragma, parse
from holdfast.policy.httpcache.fields import Headers

__all__ = ["Asking", "Who", "read"]

_BODY = frozenset((b"content-length", b"transfer-encoding"))
_BY = frozenset((b"range", b"expect", b"upgrade"))


class Who(IntEnum):
    """Who asks, as far as a request tells; and for whom a response may be used, for those before him too.

    RFC 9111 knows the first two (3.5). A cookie says as much of its sender, and is used by more services.
    """

    ANYBODY = 0
    AUTHORIZED = 1
    COOKIED = 2


@dataclass(frozen=True, slots=True)
class Asking:
    """Of one GET or HEAD. Numbers are seconds, None where the request says nothing.

    `passes`: it is none of the cache's business (a part of a response, a body of its own, `no-store`).
    `anew`: nothing stored will do that has not been confirmed.
    """

    passes: bool = False
    who: Who = Who.ANYBODY
    anew: bool = False
    only_if_cached: bool = False
    max_age: int | None = None
    min_fresh: int = 0
    max_stale: int | None = None
    stale_if_error: int | None = None


_PLAIN = Asking()
_SPEAKS = _BODY | _BY | {b"authorization", b"cookie", b"cache-control", b"pragma"}


def read(headers: Headers) -> Asking:
    """Return what a request with `headers` says."""
    present = {name for name, value in headers if value} & _SPEAKS
    if not present:
        return _PLAIN
    said = parse(headers)
    bodies = [value for name, value in headers if name in _BODY]
    return Asking(
        passes="no-store" in said or not present.isdisjoint(_BY) or any(body != b"0" for body in bodies),
        who=Who.COOKIED
        if b"cookie" in present
        else Who.AUTHORIZED
        if b"authorization" in present
        else Who.ANYBODY,
        anew="no-cache" in said or said.seconds("max-age") == 0 or (not said and no_cache_pragma(headers)),
        only_if_cached="only-if-cached" in said,
        max_age=said.seconds("max-age"),
        min_fresh=said.seconds("min-fresh") or 0,
        max_stale=MOST if said.bare("max-stale") else said.seconds("max-stale"),
        stale_if_error=said.seconds("stale-if-error"),
    )
