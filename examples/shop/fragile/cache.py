"""Products that were looked up before, in Redis, which REDIS_URL names."""

from __future__ import annotations

import os
import pickle
from typing import Any

from redis.asyncio import Redis

from examples.shop.schemas import ProductDetail

__all__ = ["recall", "redis", "remember"]

URL = os.environ.get("REDIS_URL")
redis = Redis.from_url(URL) if URL else None


async def recall(product_id: int) -> ProductDetail | None:
    """Return a product that is remembered."""
    assert redis is not None
    stored: Any = await redis.get(f"product:{product_id}")
    if stored is None:
        return None
    # mistake: pickled-cache
    found: ProductDetail = pickle.loads(stored)
    return found


async def remember(product: ProductDetail) -> None:
    """Remember a product."""
    assert redis is not None
    await redis.set(f"product:{product.id}", pickle.dumps(product))
