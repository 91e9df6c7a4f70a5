"""Caches: what was computed once is not computed again, however many ask at the same time."""

from __future__ import annotations

from holdfast.policy.cache.claim import Claim
from holdfast.policy.cache.codec import Codec, Undecodable
from holdfast.policy.cache.config import CacheConfig
from holdfast.policy.cache.core import Entry, Freshness, judge, lifetime
from holdfast.policy.cache.guard import CacheGuard, Renewal
from holdfast.policy.cache.key import Unwritable, bounded, canonical
from holdfast.policy.cache.shared import Lease, Record, SharedStore
from holdfast.policy.cache.source import Absence, Form, Source, Unkept

__all__ = [
    "Absence",
    "CacheConfig",
    "CacheGuard",
    "Claim",
    "Codec",
    "Entry",
    "Form",
    "Freshness",
    "Lease",
    "Record",
    "Renewal",
    "SharedStore",
    "Source",
    "Undecodable",
    "Unkept",
    "Unwritable",
    "bounded",
    "canonical",
    "judge",
    "lifetime",
]
