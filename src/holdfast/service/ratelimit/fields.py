"""What a caller reads of its limits: RateLimit-Policy and RateLimit.

draft-ietf-httpapi-ratelimit-headers-11, structured fields (RFC 9651):

    ratelimit-policy: "orders-10/s";q=10;w=1, "orders-1000/h";q=1000;w=3600
    ratelimit: "orders-10/s";r=9;t=1, "orders-1000/h";r=999;t=4

`t` is the draft's effective window, "the number of seconds within which the client can use no more than the
available quota". A GCRA gives back call by call, so that is the time until `r` grows by one, and not that
until all is back. A burst other than the quota is told as a parameter of our own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from holdfast.policy.ratelimit import Limit, Standing

__all__ = ["LIMIT", "POLICY", "limit_field", "policy_field"]

POLICY = b"ratelimit-policy"
LIMIT = b"ratelimit"

_MOST = 10**15 - 1
"""The largest integer of a structured field (RFC 9651, 3.3.1)."""


def policy_field(limits: Iterable[Limit]) -> bytes:
    """Return the value of RateLimit-Policy."""
    return ", ".join(map(_policy, limits)).encode("ascii")


def limit_field(standings: Iterable[Standing]) -> bytes:
    """Return the value of RateLimit."""
    return ", ".join(
        f'"{standing.limit.name}";r={min(standing.remaining, _MOST)};t={_seconds(standing.refill)}'
        for standing in standings
    ).encode("ascii")


def _policy(limit: Limit) -> str:
    # One worker's share may be a fraction of a call; the field knows whole ones.
    text = f'"{limit.name}";q={max(1, min(int(limit.quota), _MOST))};w={_seconds(limit.period)}'
    return text if limit.burst == limit.quota else f"{text};holdfast-burst={min(int(limit.burst), _MOST)}"


def _seconds(number: float) -> int:
    return max(1, min(math.ceil(number), _MOST))
