from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from holdfast.policy import deadline

points = st.lists(st.none() | st.floats(0, 100), max_size=8)


@given(points)
def test_an_inner_scope_never_extends_an_outer_one(points: list[float | None]) -> None:
    seen, tokens = [deadline.at()], []
    for point in points:
        tokens.append(deadline.tighten(point))
        before, after = seen[-1], deadline.at()
        assert after == deadline.tighter(before, point)
        seen.append(after)
    for token in reversed(tokens):
        assert deadline.at() == seen.pop()
        deadline.restore(token)
    assert deadline.at() is None


def test_remaining() -> None:
    assert deadline.remaining() is None
    token = deadline.tighten(10.0)
    assert deadline.remaining(lambda: 7.0) == 3.0
    assert deadline.remaining(lambda: 17.0) == 0.0
    deadline.restore(token)


async def _crossing() -> None:
    async def task() -> float | None:
        return deadline.at()

    token = deadline.tighten(5.0)
    assert await asyncio.create_task(task()) == 5.0
    assert await asyncio.to_thread(deadline.at) == 5.0
    deadline.restore(token)
    assert await asyncio.create_task(task()) is None


def test_crosses_tasks_and_threads() -> None:
    asyncio.run(_crossing())
