"""`async with`: the block is the attempt.

The pipeline is one coroutine, and its order is written once, there. So the block does not repeat it: the
pipeline is started with an attempt that pauses, and runs up to the pause, in the caller's own task; then the
block runs; then the pipeline is resumed with how the block ended. Nothing in it waits before the pause, and
nothing after it, for a block cannot be repeated.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from holdfast.policy.call.judge import Judge
from holdfast.policy.call.pipeline import Pipeline

__all__ = ["Block"]


class _Pause:
    def __await__(self) -> Generator[None, None, None]:
        yield


async def _pause(left: float | None) -> None:
    await _Pause()


class Block:
    """One block; `outer` is the one around it of the same dependency, None where there is none.

    A block that is never left gives its permits back when it is forgotten, with its timer at the latest.
    """

    __slots__ = ("_call", "outer")

    def __init__(self, pipeline: Pipeline[Any], judge: Judge[Any], outer: Block | None) -> None:
        self._call = pipeline.call(_pause, judge=judge)
        self.outer = outer

    def enter(self) -> None:
        """Take what an attempt needs, or raise the Refusal."""
        self._call.send(None)

    def leave(self, error: BaseException | None) -> None:
        """Give it back, and tell how the block ended; raises what becomes of `error`, where it changes."""
        try:
            if error is None:
                self._call.send(None)
            else:
                self._call.throw(error)
        except StopIteration:
            return
        except BaseException as raised:
            if raised is not error:
                raise
            return
        raise RuntimeError("a pipeline waited after its attempt")
