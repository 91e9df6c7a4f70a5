from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from holdfast.errors import BreakerOpen, CallFailed, DependencyUnavailable
from tests.client.coroutine.rig import Rig


class Gone(Exception):
    """As a driver raises it."""


def scripted(*script: object) -> Any:
    steps = list(script)

    async def find(key: int, *, factor: int = 1) -> int:
        """Find it."""
        step = steps.pop(0) if steps else None
        await asyncio.sleep(step if isinstance(step, float) else 0)
        if isinstance(step, Exception):
            raise step
        return key * factor

    return find


def test_a_call_goes_through_with_its_arguments(virtual: Any) -> None:
    async def main() -> None:
        rig = Rig()
        find = rig.declare()(scripted())
        assert await find(3, factor=7) == 21
        assert await rig.declare().call(scripted(), 3, factor=2) == 6
        assert (find.__name__, find.__doc__) == ("find", "Find it.")
        assert rig.ended == [("ok", 1, False)] * 2
        rig.idle()

    virtual(main())


def test_one_attempt_unless_idempotent(virtual: Any) -> None:
    async def main() -> None:
        rig = Rig()
        with pytest.raises(CallFailed, match="mongo: Gone") as failed:
            await rig.declare()(scripted(Gone()))(1)
        assert isinstance(failed.value.__cause__, Gone)
        assert await rig.declare(idempotent=True)(scripted(Gone()))(1) == 1
        assert [attempts for _, attempts, _ in rig.ended] == [1, 2]

    virtual(main())


def test_all_that_is_declared_shares_one_state(virtual: Any) -> None:
    async def main() -> None:
        rig = Rig()
        one, other = rig.declare()(scripted(*[Gone()] * 4)), rig.declare()(scripted())
        for _ in range(4):
            with pytest.raises(CallFailed):
                await one(1)
        with pytest.raises(BreakerOpen) as refused:
            await other(1)
        assert refused.value.retry_after == pytest.approx(5.0)

    virtual(main())


def test_what_is_the_apps_own_is_no_failure(virtual: Any) -> None:
    async def main() -> None:
        rig = Rig()
        held = rig.declare(failures=(Gone,))
        for own in (KeyError("mine"), HTTPException(404)):
            with pytest.raises(type(own)):
                await held(scripted(own))(1)
        with pytest.raises(HTTPException):
            await rig.declare()(scripted(HTTPException(404)))(1)
        assert rig.state.pipelines.current().breaker is not None
        assert held.breaker is not None
        assert held.breaker.core.counts(0.0).failures == 0

    virtual(main())


@pytest.mark.parametrize("made", ["value", "function", "coroutine function"])
def test_a_fallback_is_a_value_or_made_of_the_reason(virtual: Any, made: str) -> None:
    def of(why: DependencyUnavailable) -> str:
        return f"instead of {why}"

    async def later(why: DependencyUnavailable) -> str:
        await asyncio.sleep(0.1)
        return of(why)

    async def main() -> None:
        rig = Rig()
        fallback = {"value": None, "function": of, "coroutine function": later}[made]
        held = rig.declare(fallback=fallback)(scripted(9.0))
        assert await held(1) == (None if made == "value" else "instead of mongo: timeout")
        assert rig.ended == [("timeout", 1, True)]
        rig.idle()

    virtual(main())


def test_the_breaker_by_hand(virtual: Any) -> None:
    async def main() -> None:
        rig = Rig()
        held = rig.declare()
        breaker = held.breaker
        assert breaker is not None
        breaker.open()
        with pytest.raises(BreakerOpen):
            await held(scripted())(1)
        breaker.release()
        assert await held(scripted())(1) == 1
        assert breaker.core.state.value == "closed"

    virtual(main())
