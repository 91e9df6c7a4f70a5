"""One caller's session, for the time of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from holdfast.service.session.sessions import Sessions

__all__ = ["Session"]

T = TypeVar("T")


class Session(Generic[T]):
    """`data`: what is kept of the caller; None where he has no session, or it is over.

    What a method does is done when it returns; the cookie goes out with the answer. `ticket`: what the
    caller is to hold from now on, "" for nothing any more, None for what he has.
    """

    __slots__ = ("_id", "_sessions", "data", "ticket")

    def __init__(self, sessions: Sessions[T], session_id: str | None, data: T | None) -> None:
        self._sessions = sessions
        self._id = session_id
        self.data = data
        self.ticket: str | None = None

    async def begin(self, data: T) -> None:
        """Begin a session under a new id, and end the one that the caller came with: at each login.

        An id that somebody has put upon the caller before is worth nothing then (session fixation).
        """
        before, self._id = self._id, self._sessions.tickets.new()
        await self._sessions.store(self._id, data)
        self.data, self.ticket = data, self._sessions.tickets.sign(self._id)
        if before is not None:
            await self._sessions.drop(before)

    async def save(self, data: T) -> None:
        """Keep `data` from now on, for the whole time again. Begins a session where there is none."""
        if self._id is None or self.data is None:
            await self.begin(data)
            return
        await self._sessions.store(self._id, data)
        self.data, self.ticket = data, self._sessions.tickets.sign(self._id)

    async def end(self) -> None:
        """End the session, in every worker: at the logout."""
        before, self._id = self._id, None
        self.data, self.ticket = None, ""
        if before is not None:
            await self._sessions.drop(before)
