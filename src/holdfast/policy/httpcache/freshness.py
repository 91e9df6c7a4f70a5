"""For how long a response is fresh, and how old it is: RFC 9111, 4.2.

Only what the response says counts. Where it says nothing it is not fresh: nothing is guessed from
Last-Modified (4.2.2 permits that, and calls it heuristic).
"""

from __future__ import annotations

from holdfast.policy.httpcache import dates
from holdfast.policy.httpcache.directives import MOST, Directives, delta
from holdfast.policy.httpcache.fields import Headers, members, values

__all__ = ["initial_age", "lifetime"]


def lifetime(said: Directives, headers: Headers, received: float) -> float | None:
    """Return for how many seconds a response is fresh, from when it was made; None where it says nothing.

    For a shared cache: s-maxage, else max-age, else Expires. `received`: seconds since 1970.
    """
    for name in ("s-maxage", "max-age"):
        seconds = said.seconds(name)
        if seconds is not None:
            return float(seconds)
    lines = values(headers, b"expires")
    if not lines:
        return None
    expires = dates.read(lines[0], received) if len(lines) == 1 else None
    made = _date(headers, received)
    return 0.0 if expires is None else min(max(0.0, expires - made), float(MOST))


def initial_age(headers: Headers, asked: float, received: float) -> float:
    """Return how old a response is when it is received (4.2.3): it may come from a cache itself."""
    apparent = max(0.0, received - _date(headers, received))
    told = values(headers, b"age")[:1]
    first = next(members(told[0]), "") if told else ""
    return max(apparent, (delta(first) or 0) + max(0.0, received - asked))


def _date(headers: Headers, received: float) -> float:
    lines = values(headers, b"date")
    found = dates.read(lines[0], received) if lines else None
    return received if found is None else found
