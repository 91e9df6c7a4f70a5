"""How long a request holds the loop: its steps, each from where it is resumed to where it waits again.

What is seen of a route's latency is mostly waiting; what it costs all others is what it holds the loop for.
Measuring each step of every request would cost a microsecond a request, so few requests are measured, chosen
at random and each of them whole: a fair sample of the routes, with percentiles, for next to nothing.

Only the request's own task is measured. What runs in others that it starts (`BaseHTTPMiddleware` runs the app
in one, a task group its children) and in threads is not.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from typing import Any

from holdfast.clock import Now, monotonic

__all__ = ["EVERY", "Held", "Meter", "measured"]

EVERY = 64
"""Requests of which one is measured, on average: with 1 us for each that is, about 0.02 us a request."""

Note = Callable[[float, float], None]
"""Takes the seconds that a request held the loop in all, and its longest step."""


class Held:
    """Awaits `inner`, and times its steps; to be awaited once.

    It is no coroutine, so that nothing is between the task and `inner` but this; `cr_await` leads on to it
    for whoever follows what awaits what.
    """

    __slots__ = ("_inner", "_note", "_now", "longest", "total")

    def __init__(self, inner: Coroutine[Any, None, None], note: Note, now: Now = monotonic) -> None:
        self._inner = inner
        self._note = note
        self._now = now
        self.total = 0.0
        self.longest = 0.0

    @property
    def cr_await(self) -> Coroutine[Any, None, None]:
        """What is awaited here."""
        return self._inner

    def __await__(self) -> Generator[Any, None, None]:
        return self  # type: ignore[return-value] # it has all that an iterator here is asked for

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: None) -> Any:
        """Run the next step."""
        return self._step(self._inner.send, value)

    def throw(self, *error: Any) -> Any:
        """Run the next step, which begins with `error`."""
        return self._step(self._inner.throw, *error)

    def close(self) -> None:
        """Give up."""
        self._inner.close()

    def _step(self, step: Callable[..., Any], *arguments: Any) -> Any:
        began = self._now()
        try:
            waits_for = step(*arguments)
        except BaseException:
            self._add(began)
            self._note(self.total, self.longest)
            raise
        self._add(began)
        return waits_for

    def _add(self, began: float) -> None:
        spent = self._now() - began
        self.total += spent
        self.longest = max(self.longest, spent)


class Meter:
    """Chooses which requests are measured: `gap` says how many there are to the next one, at random."""

    __slots__ = ("_most", "_random")

    def __init__(self, every: int = EVERY, seed: int | None = None) -> None:
        self._random = random.Random(seed)
        self._most = 2 * every - 1

    def gap(self) -> int:
        """Return a number whose mean is `every`, at least 1."""
        return self._random.randint(1, self._most)


def measured(inner: Awaitable[None], note: Note) -> Awaitable[None]:
    """Return an awaitable that measures `inner`; `inner` itself where it is no coroutine."""
    return Held(inner, note) if isinstance(inner, Coroutine) else inner
