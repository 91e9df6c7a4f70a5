"""Caches of an app: functions whose values are kept, and caches that code asks by itself."""

from __future__ import annotations

from holdfast.service.cache.cache import Cache
from holdfast.service.cache.cached import Cached, Caching
from holdfast.service.cache.caches import Caches

__all__ = ["Cache", "Cached", "Caches", "Caching"]
