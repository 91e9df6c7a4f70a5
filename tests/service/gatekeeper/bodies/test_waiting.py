"""Requests whose body comes late, in parts, or never: who of them is inside, and what the app gets."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from holdfast.service.gatekeeper.bodies import Bodies, bodies, incoming
from tests.service.asgi import lifespan
from tests.service.gatekeeper.bodies.held import SOON, Held, empty
from tests.service.uvicorn_here import until

pytestmark = pytest.mark.anyio


async def test_half_of_a_small_body_holds_no_place(budget: Any, made: list[Bodies]) -> None:
    held = Held(budget, limit=1)
    async with lifespan(held.app):
        uploads = [held.post(b"hello", content_length="10") for _ in range(20)]
        await until(lambda: made and made[0].held == 100)
        assert held.hold.in_flight == 0
        assert [await held.get() for _ in range(5)] == [200] * 5
        for upload in uploads:
            upload.send(b"world", more=False)
            await upload.task
        assert [upload.answer.status for upload in uploads] == [200] * 20
        assert held.seen == [b"helloworld", b""] * 20  # in one part, and Starlette's end
        assert empty(made)


async def test_a_body_of_unknown_length_that_is_whole_needs_no_place_of_its_own(
    budget: Any, made: list[Bodies]
) -> None:
    held = Held(budget, limit=2)
    async with lifespan(held.app):
        stuck = [held.post(b"x") for _ in range(5)]
        await until(lambda: held.hold.in_flight == 1)  # half of two
        await until(lambda: len(made[0]._line) == 4)
        uploads = [held.post(b"a", b"b") for _ in range(5)]
        for upload in uploads:
            upload.send(b"c", more=False)
            await upload.task
        assert [upload.answer.body for upload in uploads] == [b"3"] * 5
        assert held.hold.in_flight == 1
        for upload in stuck:
            upload.send(b"y", more=False)
            await upload.task
        assert [upload.answer.body for upload in stuck] == [b"2"] * 5
        assert empty(made)


@pytest.mark.parametrize("behind", [False, True])
async def test_an_app_reads_as_it_comes(budget: Any, made: list[Bodies], behind: bool) -> None:
    held = Held(budget, behind=behind)
    async with lifespan(held.app):
        upload = held.post(b"one")
        await until(lambda: held.seen == [b"one"])
        upload.send(b"two")
        await until(lambda: held.seen == [b"one", b"two"])
        upload.send(b"", more=False)
        await upload.task
        assert upload.answer.body == b"6"
        assert empty(made)


@pytest.mark.parametrize("behind", [False, True])
async def test_who_stands_longest_is_ended_when_too_many_do(
    budget: Any, made: list[Bodies], behind: bool
) -> None:
    held = Held(budget, limit=4, behind=behind)
    full = b"x" * 70_000
    async with lifespan(held.app):
        first, second = held.post(full, content_length="1000000"), held.post(full, content_length="1000000")
        await until(lambda: made and made[0].standing == 2)
        await asyncio.sleep(2 * SOON)
        assert not first.task.done()  # two of four may
        third = held.post(full, content_length="1000000")
        await first.task
        assert (first.answer.status, first.answer.complete) == (408, True)
        assert first.answer.headers["connection"] == "close"
        assert first.answer.headers["holdfast-outcome"] == "incomplete"
        assert first.answer.headers["x-request-id"]
        assert held.hold.in_flight == 2
        for upload in (second, third):
            upload.send(b"", more=False)
            await upload.task
            assert upload.answer.body == b"70000"
        assert empty(made)


async def test_who_leaves_is_never_seen_by_the_app(
    budget: Any, made: list[Bodies], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "STILL", 60.0)
    held = Held(budget)
    async with lifespan(held.app):
        for sent, headers in (
            (b"x", {"content_length": "9"}),
            (b"x", {}),
            (b"x" * 9, {"content_length": "99999"}),
        ):
            upload = held.post(sent, **headers)
            await until(lambda: made and made[0].outside == 1)
            upload.leave()
            await upload.task
            assert upload.answer.status == 0  # nothing was answered
        assert not held.seen
        assert empty(made)


async def test_a_body_that_does_not_come_is_late(
    budget: Any, made: list[Bodies], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_AFTER", 0.0)
    monkeypatch.setenv("HOLDFAST_CONNECTION__BODY_TIMEOUT", "100ms")
    monkeypatch.setenv("HOLDFAST_CONNECTION__BODY_SHARE", "0%")
    held = Held(budget, limit=2)
    async with lifespan(held.app):
        inside = held.post(b"x")  # the one that may stand
        await until(lambda: held.hold.in_flight == 1)
        slow = [held.post(b"x", content_length="9", path="/ignore"), held.post(b"x", path="/ignore")]
        for upload in slow:
            await upload.task
        assert [upload.answer.status for upload in slow] == [408, 408]
        assert [upload.answer.headers["connection"] for upload in slow] == ["close"] * 2
        inside.leave()
        await inside.task
        assert inside.answer.status == 499
        assert empty(made)


async def test_a_full_house_refuses_before_it_reads(budget: Any, made: list[Bodies]) -> None:
    held = Held(budget, limit=1)
    async with lifespan(held.app):
        inside = held.post(b"x")
        await until(lambda: held.hold.in_flight == 1)
        refused = held.post(content_length="9")
        await refused.task
        assert (refused.answer.status, refused.asked) == (503, 0)
        inside.send(b"", more=False)
        await inside.task
        assert empty(made)


async def test_who_waits_for_100_continue_is_asked_by_the_app(budget: Any, made: list[Bodies]) -> None:
    held = Held(budget)
    async with lifespan(held.app):
        refused = held.post(content_length="9", expect="100-continue", path="/ignore")
        await refused.task
        assert (refused.answer.status, refused.asked) == (200, 0)
        wanted = held.post(content_length="9", expect="100-continue")
        await until(lambda: wanted.asked == 1)
        wanted.send(b"x" * 9, more=False)
        await wanted.task
        assert wanted.answer.body == b"9"
        assert empty(made)


async def test_more_bytes_than_are_held_outside_are_not_waited_for(
    budget: Any, made: list[Bodies], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_MOST_HELD", 10)
    held = Held(budget)
    async with lifespan(held.app):
        first = held.post(b"x" * 10, content_length="11")
        await until(lambda: made and made[0].held == 10)
        second = held.post(b"x" * 10, content_length="11")
        await until(lambda: held.hold.in_flight == 1)
        for upload in (first, second):
            upload.send(b"y", more=False)
            await upload.task
            assert upload.answer.body == b"11"
        assert empty(made)


async def test_no_length_is_no_body(budget: Any, made: list[Bodies]) -> None:
    held = Held(budget)
    async with lifespan(held.app):
        upload = held.post(content_length="0", path="/ignore")
        await upload.task
        assert (upload.answer.status, upload.asked) == (200, 0)


async def test_random_ends_leave_nothing(budget: Any, made: list[Bodies]) -> None:
    chance = random.Random(7)
    held = Held(budget, limit=6)

    async def one() -> None:
        size = chance.choice([0, 20, 100_000])
        headers = {"content_length": str(size)} if size else {}
        upload = held.post(b"x" * chance.choice([0, 5, 70_000 if size != 20 else 5]), **headers)
        await asyncio.sleep(chance.random() * 3 * SOON)
        end = chance.choice(("cancel", "leave", "finish", "more"))
        if end == "more":
            upload.send(b"y" * 5)
            await asyncio.sleep(chance.random() * 2 * SOON)
            end = chance.choice(("cancel", "leave", "finish"))
        if end == "cancel":
            upload.task.cancel()
        elif end == "leave":
            upload.leave()
        else:
            upload.send(b"z", more=False)
        await asyncio.wait((upload.task,))
        if not upload.task.cancelled():
            upload.task.exception()  # who leaves while the app reads is an error of the app's

    async with lifespan(held.app):
        for _ in range(8):
            await asyncio.gather(*(one() for _ in range(40)))
        await until(lambda: held.hold.in_flight == 0)
        assert empty(made)
        assert await held.get() == 200
