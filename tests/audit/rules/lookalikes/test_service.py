"""What rules about service find beside their examples, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.audit.rules.lookalikes.sample import codes

NOT_FOUND = {
    "HF951 a limit in the app": """
        slots = asyncio.Semaphore(10)
        @app.get("/x")
        async def x():
            async with slots: ...
    """,
    "HF951 no app": """
        def x(): return 1
    """,
}


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert name.partition(" ")[0] not in codes(NOT_FOUND[name])
