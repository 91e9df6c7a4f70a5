from __future__ import annotations

import asyncio
import logging
import time

import pytest
import uvloop

from holdfast.loop.debugging import Debugging


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_slow_callback_is_logged_and_all_is_put_back(
    new_loop: object, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        before = (loop.get_debug(), loop.slow_callback_duration)
        debugging = Debugging(loop, on=True, slow=0.02)
        assert loop.get_debug()
        await asyncio.sleep(0)
        time.sleep(0.03)  # noqa: ASYNC251
        await asyncio.sleep(0)
        debugging.undo()
        debugging.undo()
        assert (loop.get_debug(), loop.slow_callback_duration) == before

    with asyncio.Runner(loop_factory=new_loop) as runner, caplog.at_level(logging.WARNING, "asyncio"):  # type: ignore[arg-type]
        runner.run(main())
    assert any("took 0." in record.getMessage() for record in caplog.records)


def test_off_touches_nothing() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        Debugging(loop, on=False, slow=9.0).undo()
        assert loop.get_debug()
        assert loop.slow_callback_duration != 9.0
        loop.set_debug(False)

    asyncio.run(main())
