"""Caches: what was computed once is not computed again, however many ask at the same time."""

from __future__ import annotations

from holdfast.policy.cache.codec import Codec, Undecodable
from holdfast.policy.cache.config import CacheConfig
from holdfast.policy.cache.core import Entry, Freshness, judge, lifetime
from holdfast.policy.cache.guard import CacheGuard
from holdfast.policy.cache.key import Unwritable, bounded, canonical
from holdfast.policy.cache.shared import Lease, Record, SharedStore
from holdfast.policy.cache.source import Absence, Source

__all__ = [
    "Absence",
    "CacheConfig",
    "CacheGuard",
    "Codec",
    "Entry",
    "Freshness",
    "Lease",
    "Record",
    "SharedStore",
    "Source",
    "Undecodable",
    "Unwritable",
    "bounded",
    "canonical",
    "judge",
    "lifetime",
]
