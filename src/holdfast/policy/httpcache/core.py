"""What a shared cache does with a request and with a response: RFC 9111, 3 and 4. Pure; `now` is given.

Where the RFC leaves a choice, the answer here is the one that cannot show a user what is another's.
"""

from __future__ import annotations

from enum import Enum

from holdfast.policy.httpcache import vary
from holdfast.policy.httpcache.asking import Asking, Who
from holdfast.policy.httpcache.directives import Directives, parse
from holdfast.policy.httpcache.fields import Headers, values
from holdfast.policy.httpcache.freshness import lifetime
from holdfast.policy.httpcache.stored import Stored, Terms

__all__ = ["CACHEABLE", "Use", "bridges", "decide", "shared_by", "terms_of"]

CACHEABLE = frozenset((200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501))
"""Statuses whose responses are kept, if they say for how long. A status that is not here says that something
went wrong for this one request, or is not understood."""


class Use(Enum):
    """Serve it. Behind: serve it stale, and renew it behind the caller. Renew: ask first, with what is stored
    to bridge a failure. Alone: ask for this caller only. Timeout: nothing is stored and nothing else was
    wanted (504)."""

    SERVE = "serve"
    STALE = "stale"
    BEHIND = "behind"
    RENEW = "renew"
    ALONE = "alone"
    TIMEOUT = "timeout"


def decide(asking: Asking, stored: Stored | None, now: float, *, stale: float) -> Use:
    """Return what to do with a request, for which `stored` was found.

    `stale`: for how many seconds at most anything is used after it was fresh, whoever permits more.
    """
    found = Use.RENEW if stored is None else _use(asking, stored, now, stale)
    if asking.only_if_cached and found in (Use.RENEW, Use.ALONE):
        return Use.TIMEOUT
    return found


def _use(asking: Asking, stored: Stored, now: float, stale: float) -> Use:
    terms, age = stored.terms, stored.age_at(now)
    if asking.who > terms.shared:
        return Use.ALONE  # what was made for somebody else is not known to be right for this one
    if asking.anew or terms.confirm:
        return Use.RENEW
    if asking.max_age is not None and age > asking.max_age:
        return Use.RENEW
    left = terms.lifetime - age
    if left > 0:
        return Use.SERVE if left >= asking.min_fresh else Use.RENEW
    if asking.min_fresh or terms.strict or -left > stale:
        return Use.RENEW
    if asking.max_stale is not None and -left <= asking.max_stale:
        return Use.STALE
    return Use.BEHIND if -left < terms.behind else Use.RENEW


def bridges(asking: Asking, stored: Stored, now: float, *, stale: float) -> bool:
    """Whether `stored` may be served because what would replace it failed (RFC 5861, 4)."""
    terms = stored.terms
    if terms.confirm or terms.strict or asking.anew or asking.who > terms.shared:
        return False
    over = stored.age_at(now) - terms.lifetime
    return over < min(stale, max(terms.bridge, asking.stale_if_error or 0.0))


def shared_by(said: Directives) -> Who:
    """Return for whom a response may be used that says so (RFC 9111, 3.5).

    Of cookies the RFC says nothing: a response to one is shared where it is said that it is.
    """
    if "public" in said or "s-maxage" in said:
        return Who.COOKIED
    return Who.AUTHORIZED if "must-revalidate" in said else Who.ANYBODY


def terms_of(asking: Asking, status: int, headers: Headers, received: float) -> Terms | None:
    """Return the terms of a response to a GET; None where it must not be kept (RFC 9111, 3).

    `received`: seconds since 1970.
    """
    said = parse(headers)
    if status not in CACHEABLE or "no-store" in said or "private" in said:
        return None
    if values(headers, b"set-cookie") or values(headers, b"content-range"):
        return None
    if vary.EVERYTHING in vary.names(headers) or asking.who > shared_by(said):
        return None
    return _terms(said, headers, received)


def _terms(said: Directives, headers: Headers, received: float) -> Terms | None:
    fresh = lifetime(said, headers, received)
    confirm = "no-cache" in said
    can_confirm = bool(values(headers, b"etag") or values(headers, b"last-modified"))
    if (fresh is None or fresh <= 0 or confirm) and not can_confirm:
        return None
    if fresh is None and not confirm:
        return None  # nothing was said, and nothing is guessed
    behind, bridge = said.seconds("stale-while-revalidate"), said.seconds("stale-if-error")
    strict = "must-revalidate" in said or "proxy-revalidate" in said
    # s-maxage forbids stale use as proxy-revalidate does (5.2.2.10), unless it is permitted beside it.
    strict = strict or ("s-maxage" in said and behind is None and bridge is None)
    return Terms(
        fresh or 0.0,
        confirm=confirm,
        strict=strict,
        behind=float(behind or 0),
        bridge=float(bridge or 0),
        shared=shared_by(said),
    )
