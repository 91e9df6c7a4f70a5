"""Around one route: what is said of its responses, and what of them is sent."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Receive, Scope, Send

from holdfast.loop.route import template
from holdfast.service.response.answering import Answering
from holdfast.service.response.compressing import Compressing, accepted
from holdfast.service.response.dressing import Dressing
from holdfast.service.response.shelf import Shelf
from holdfast.service.response.terms import RouteTerms
from holdfast.service.response.visit import Produce, visit

__all__ = ["Answered", "Responses"]


class Responses:
    """Those of a route under one path. `shelf`: where they are kept, None where they are not.

    From the outside in: what this caller wants of the answer; what is stored; what compresses, what is said,
    and the route. HEAD is a GET whose body nobody sends.
    """

    __slots__ = ("_handle", "_shelf", "_terms")

    def __init__(self, handle: Produce, terms: RouteTerms, shelf: Shelf | None) -> None:
        self._handle = handle
        self._terms = terms
        self._shelf = shelf

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD."""
        answering = Answering(scope, send)
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        if self._terms.compress:
            inner = {**inner, "headers": accepted(scope["headers"])}
        if self._shelf is None:
            await self._produce(inner, receive, answering.send)
        else:
            await visit(self._shelf, self._produce, inner, receive, answering.send)

    async def _produce(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._terms.compress and (b"accept-encoding", b"gzip") in scope["headers"]:
            send = Compressing(send).send
        await self._handle(scope, receive, Dressing(self._terms, scope, send).send)


class Answered:
    """In place of a route's `handle`. `by_path`: where one route is included more than once, by its paths."""

    __slots__ = ("_by_path", "_handle", "_only")

    def __init__(self, handle: Produce, by_path: Mapping[str, Responses], *, paths: int) -> None:
        self._handle = handle
        self._by_path = by_path
        self._only = next(iter(by_path.values())) if paths == 1 else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        responses = self._only or self._by_path.get(template(scope))
        if responses is None or scope["method"] not in ("GET", "HEAD"):
            await self._handle(scope, receive, send)
        else:
            await responses.answer(scope, receive, send)
