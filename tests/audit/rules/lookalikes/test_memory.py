"""What rules about memory find beside their examples, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.audit.rules.lookalikes.sample import codes

FOUND = {
    "HF701 cached for ever": """
        @lru_cache(maxsize=None)
        def rate(currency: str): return 1
        @app.get("/x")
        async def x(currency: str): return rate(currency)
    """,
}

NOT_FOUND = {
    "HF701 evicted": """
        seen = {}
        @app.get("/x")
        async def x(currency: str):
            seen[currency] = 1
            if len(seen) > 100:
                seen.popitem()
    """,
    "HF701 a size": """
        @lru_cache
        def rate(currency: str): return 1
        @app.get("/x")
        async def x(currency: str): return rate(currency)
    """,
    "HF701 nothing to vary": """
        @cache
        def settings(): return 1
        @app.get("/x")
        async def x(): return settings()
    """,
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    assert name.partition(" ")[0] in codes(FOUND[name])


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert name.partition(" ")[0] not in codes(NOT_FOUND[name])
