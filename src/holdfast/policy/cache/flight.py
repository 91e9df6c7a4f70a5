"""Single flight: of all who miss the same key at the same time one computes, and the others wait for it.

A computation belongs to its caller or to nobody. One that uses what its caller has lent it, as the session of
a request, runs in the caller's own task and ends with it: then one of those who wait computes with what is
his. One that needs nothing but its key runs in a task of its own, and whoever leaves, it goes on. So nobody
fails because somebody else was cancelled, and a cancelled leader costs one more computation at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextvars import copy_context
from typing import Any, TypeAlias

from holdfast.errors import DeadlineExceeded
from holdfast.policy.deadline import ambient

__all__ = ["Flight", "Flights", "Work"]

_AGAIN = object()
"""The result of a flight whose leader left: whoever waits may lead the next."""


class Flight:
    """One computation on its way, and a frame of deadlines: `at` is the latest of all who wait for it.

    `void`: its key was invalidated after it had begun, so that its value must not be kept. `untagged`: tags
    that were invalidated since.
    """

    __slots__ = ("at", "key", "landed", "outer", "untagged", "void")

    def __init__(self, key: str, at: float | None) -> None:
        self.key = key
        self.at = at
        self.outer: ambient.Frame | None = None
        self.landed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.void = False
        self.untagged: set[str] = set()

    def voids(self, tags: Collection[str]) -> bool:
        """Whether a value with `tags` must not be kept."""
        return self.void or not self.untagged.isdisjoint(tags)


Work: TypeAlias = Callable[[Flight], Awaitable[Any]]


class Flights:
    """The flights of one event loop, at most one a key."""

    __slots__ = ("_flying", "_left_alone", "_tasks")

    def __init__(self) -> None:
        self._flying: dict[str, Flight] = {}
        self._left_alone: set[Flight] = set()  # nobody joins these any more, as a tag was invalidated
        self._tasks: set[asyncio.Task[None]] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._flying

    def __len__(self) -> int:
        return len(self._flying)

    async def join(self, key: str, work: Work, *, lent: bool) -> tuple[Any, bool]:
        """Return the value of `key`, and whether this caller's `work` computed it.

        `lent`: `work` uses what belongs to its caller. Raises what the computation raised; whoever led it and
        was cancelled, or ran out of time, raises that alone.
        """
        while True:
            flight = self._flying.get(key)
            led = flight is None
            if flight is None:
                if lent:
                    return await self._lead(key, work), True
                flight = self.launch(key, work)
            else:
                flight.at = _later(flight.at, ambient.at())
            value = await asyncio.shield(flight.landed)
            if value is not _AGAIN:
                return value, led
            if led or ambient.remaining() == 0.0:
                raise DeadlineExceeded

    async def apart(self, key: str, work: Work) -> Any:
        """Return what `work` computes, which nobody joins."""
        flight = Flight(key, ambient.at())
        self._left_alone.add(flight)
        try:
            return await work(flight)
        finally:
            self._left_alone.discard(flight)

    def launch(self, key: str, work: Work) -> Flight:
        """Start `work` in a task of its own; nobody has to wait for it."""
        flight = self._open(key)
        context = copy_context()
        context.run(ambient.enter, flight)
        task = asyncio.get_running_loop().create_task(
            self._fly(key, flight, work), name=f"holdfast cache {key}", context=context
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return flight

    def land(self, flight: Flight, value: Any) -> None:
        """Give `value` to whoever waits, before the work has ended."""
        self._land(flight.key, flight, value)

    def part(self, flight: Flight, error: Exception) -> None:
        """Let those go who wait, with `error`; later callers lead a flight of their own."""
        if self._flying.get(flight.key) is flight:
            del self._flying[flight.key]
        self._left_alone.add(flight)  # what it computes may be invalidated still
        if not flight.landed.done():
            flight.landed.set_exception(error)
            flight.landed.exception()  # nobody has to wait for it

    def void(self, key: str) -> None:
        """The key was invalidated: who waits still gets what is being computed, later callers do not."""
        flight = self._flying.pop(key, None)
        if flight is not None:
            flight.void = True
        for other in self._left_alone:
            other.void = other.void or other.key == key

    def void_tag(self, tag: str) -> None:
        """The same for all values that will carry `tag`, which is known when they are there."""
        self._left_alone.update(self._flying.values())
        self._flying.clear()
        for flight in self._left_alone:
            flight.untagged.add(tag)

    def void_all(self) -> None:
        """The same for all."""
        for flight in (*self._flying.values(), *self._left_alone):
            flight.void = True
        self._flying.clear()

    async def aclose(self) -> None:
        """End what runs in tasks of its own."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _open(self, key: str) -> Flight:
        flight = self._flying[key] = Flight(key, ambient.at())
        return flight

    async def _lead(self, key: str, work: Work) -> Any:
        flight = self._open(key)
        try:
            value = await work(flight)
        except BaseException as error:
            self._land(key, flight, error)
            raise
        self._land(key, flight, value)
        return value

    async def _fly(self, key: str, flight: Flight, work: Work) -> None:
        try:
            self._land(key, flight, await work(flight))
        except asyncio.CancelledError as error:
            self._land(key, flight, error)
            raise
        except BaseException as error:  # noqa: BLE001 - it is raised to whoever waits for it
            self._land(key, flight, error)

    def _land(self, key: str, flight: Flight, outcome: Any) -> None:
        if self._flying.get(key) is flight:
            del self._flying[key]
        self._left_alone.discard(flight)
        if flight.landed.done():
            return
        if isinstance(outcome, (asyncio.CancelledError, DeadlineExceeded)):
            flight.landed.set_result(_AGAIN)  # that was the leader's end, not theirs
        elif isinstance(outcome, Exception):
            flight.landed.set_exception(outcome)
            flight.landed.exception()  # nobody has to wait for it
        elif isinstance(outcome, BaseException):
            flight.landed.set_result(_AGAIN)
        else:
            flight.landed.set_result(outcome)


def _later(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)
