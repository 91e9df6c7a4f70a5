"""The fallback is outermost."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.errors import BreakerOpen, CallFailed, DeadlineExceeded, DependencyUnavailable
from holdfast.events import CallEnded
from holdfast.policy import deadline
from tests.policy.call.provider import Provider, now, pipeline


def test_the_fallback_is_outermost(virtual: Any) -> None:
    async def main() -> None:
        line, heard = pipeline()
        why: list[type[DependencyUnavailable]] = []

        async def cached(error: DependencyUnavailable) -> str:
            why.append(type(error))
            return "cached"

        provider = Provider(*[ConnectionRefusedError()] * 4)
        for _ in range(3):
            assert await line.call(provider, idempotent=True, fallback=cached) == "cached"
        assert why == [CallFailed, CallFailed, BreakerOpen]
        ended = [event for event in heard if isinstance(event, CallEnded)]
        assert [(e.outcome, e.degraded) for e in ended] == [
            ("connect", True),
            ("connect", True),
            ("breaker", True),
        ]

    virtual(main())


def test_a_bad_answer_is_substituted_too(virtual: Any) -> None:
    async def main() -> None:
        line, _ = pipeline()

        async def cached(error: DependencyUnavailable) -> str:
            return f"instead of {error}"

        answer = await line.call(Provider("status 500"), fallback=cached)
        assert answer == "instead of payments: status 500"

    virtual(main())


def test_too_late_is_not_substituted(virtual: Any) -> None:
    async def main() -> None:
        line, _ = pipeline()

        async def never(error: DependencyUnavailable) -> str:
            pytest.fail("nobody waits for it")

        with pytest.raises(DeadlineExceeded):
            async with deadline.within(0.1, now=now):
                await line.call(Provider(9.0), fallback=never)

    virtual(main())


def test_a_fallback_that_fails_says_so(virtual: Any) -> None:
    async def main() -> None:
        line, heard = pipeline()

        async def broken(error: DependencyUnavailable) -> str:
            raise KeyError("cache")

        with pytest.raises(KeyError):
            await line.call(Provider(ConnectionRefusedError()), fallback=broken)
        assert [e.degraded for e in heard if isinstance(e, CallEnded)] == [False]

    virtual(main())
