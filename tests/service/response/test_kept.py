"""Responses that are kept: once for all who ask, out when they change, and nothing in anybody's way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from holdfast import Holdfast
from holdfast.errors import UsageError
from tests.policy.cache.made import turns, until
from tests.service.response.made import BUDGET, Answer, Origin, Said, page, running

pytestmark = pytest.mark.anyio

FRESH = [("Cache-Control", "max-age=3600")]
Routes = Callable[[FastAPI, Holdfast], None]


class Slow:
    """A route that answers when it is let, and counts."""

    def __init__(self, *headers: tuple[str, str], status: int = 200) -> None:
        self.headers = dict(headers)
        self.status = status
        self.begun = 0
        self.go = asyncio.Event()

    async def __call__(self, request: Request) -> Response:
        self.begun += 1
        number = self.begun
        await self.go.wait()
        return Response(f"answer {number}", status_code=self.status, headers=self.headers)

    def routes(self, app: FastAPI, hold: Holdfast) -> None:
        app.get("/{path:path}")(self.__call__)


async def test_a_crowd_asks_the_route_once(tmp_path: Path) -> None:
    slow = Slow(("Cache-Control", "max-age=60"))
    async with running(tmp_path, slow.routes) as rig:
        crowd = [asyncio.ensure_future(rig.ask()) for _ in range(50)]
        await until(lambda: slow.begun > 0)
        await turns(20)
        slow.go.set()
        answers = await asyncio.gather(*crowd)
        assert {answer.body for answer in answers} == {b"answer 1"}
        assert slow.begun == 1
        assert sorted(rig.outcomes()) == ["joined"] * 49 + ["miss"] * 50


@pytest.mark.parametrize("header", [("Set-Cookie", "a=b"), ("Cache-Control", "private"), ("Vary", "*")])
async def test_what_is_one_callers_is_not_shared_with_the_crowd(
    tmp_path: Path, header: tuple[str, str]
) -> None:
    slow = Slow(("Cache-Control", "max-age=60"), header)
    async with running(tmp_path, slow.routes) as rig:
        crowd = [asyncio.ensure_future(rig.ask()) for _ in range(10)]
        await until(lambda: slow.begun > 0)
        await turns(20)
        slow.go.set()
        answers = await asyncio.gather(*crowd)
        assert len({answer.body for answer in answers}) == 10
        slow.go.clear()
        for shelf in rig.shelves():
            for key in shelf._not_kept:
                shelf._not_kept[key] += 60.0  # this machine may stand still for longer than the moment is
        next_ones = [asyncio.ensure_future(rig.ask()) for _ in range(5)]
        await until(lambda: slow.begun == 15)  # for a moment nobody waits for another there
        slow.go.set()
        await asyncio.gather(*next_ones)


async def test_a_leader_that_leaves_fails_nobody(tmp_path: Path) -> None:
    slow = Slow(("Cache-Control", "max-age=60"))
    async with running(tmp_path, slow.routes) as rig:
        leader = asyncio.ensure_future(rig.ask())
        await until(lambda: slow.begun == 1)
        others = [asyncio.ensure_future(rig.ask()) for _ in range(5)]
        await turns(20)
        leader.cancel()
        await until(lambda: slow.begun == 2)
        slow.go.set()
        assert {answer.body for answer in await asyncio.gather(*others)} == {b"answer 2"}


async def test_what_is_large_passes_as_it_comes_and_is_not_kept(tmp_path: Path) -> None:
    def routes(app: FastAPI, hold: Holdfast) -> None:
        @app.get("/{size}")
        async def stream(size: int) -> StreamingResponse:
            async def pieces() -> Any:
                for number in range(size):
                    yield bytes([number % 256]) * 1024

            return StreamingResponse(pieces(), headers={"Cache-Control": "max-age=60"})

    budget = BUDGET.replace("/{path:path}", "/{size}")
    async with running(tmp_path, routes, budget) as rig:
        whole = b"".join(bytes([number % 256]) * 1024 for number in range(300))
        for _ in range(2):
            answer = await rig.ask("/300")
            assert (answer.body, answer.complete, answer.get("age")) == (whole, True, None)
            assert answer.parts > 300
        small, again = await rig.ask("/3"), await rig.ask("/3")
        assert small.body == again.body == whole[:3072]
        assert (again.get("age"), again.get("content-length")) == ("0", "3072")


async def test_an_answer_that_ends_early_is_not_kept(tmp_path: Path) -> None:
    def routes(app: FastAPI, hold: Holdfast) -> None:
        @app.get("/{path:path}")
        async def half(path: str) -> StreamingResponse:
            async def pieces() -> Any:
                yield b"half"
                raise OSError("gone")

            return StreamingResponse(pieces(), headers={"Cache-Control": "max-age=60"})

    async with running(tmp_path, routes) as rig:
        for _ in range(2):
            with pytest.raises((OSError, ExceptionGroup)):
                await rig.ask()
        assert not len(rig.shelves()[0].home.here().memory)  # type: ignore[union-attr]


async def test_what_runs_after_the_answer_holds_nobody_up(tmp_path: Path) -> None:
    go, ran = asyncio.Event(), asyncio.Event()

    def routes(app: FastAPI, hold: Holdfast) -> None:
        @app.get("/{path:path}")
        async def answer(path: str, after: BackgroundTasks, response: Response) -> str:
            async def work() -> None:
                await go.wait()
                ran.set()

            after.add_task(work)
            response.headers["Cache-Control"] = "max-age=60"
            return "kelp"

    async with running(tmp_path, routes) as rig:
        first = asyncio.ensure_future(rig.ask())
        await until(lambda: bool(rig.shelves()[0].home.here().memory.entries))  # type: ignore[union-attr]
        assert (await rig.ask()).body == b'"kelp"'
        assert not first.done()
        go.set()
        await first
        assert ran.is_set()


async def test_stale_is_served_at_once_and_renewed_behind(tmp_path: Path) -> None:
    origin = Origin(Said([("Cache-Control", "max-age=10, stale-while-revalidate=60")]))
    async with running(tmp_path, page(origin)) as rig:
        await rig.ask()
        rig.moved = 20.0
        assert (await rig.ask()).body == b"answer 1"
        await until(lambda: len(origin.asked) == 2)
        guard = rig.shelves()[0].here()
        assert guard is not None
        await until(lambda: not len(guard.flights))
        assert (await rig.ask()).body == b"answer 2"
        assert rig.outcomes() == ["miss", "stale", "hit"]


async def test_a_failure_is_bridged_and_not_tried_again_at_once(tmp_path: Path) -> None:
    origin = Origin(Said([("Cache-Control", "max-age=10, stale-if-error=60")]), Said(status=503))
    async with running(tmp_path, page(origin)) as rig:
        await rig.ask()
        rig.moved = 20.0
        assert [(await rig.ask()).body for _ in range(5)] == [b"answer 1"] * 5
        assert len(origin.asked) == 2
        assert rig.outcomes() == ["miss", "miss", *["error"] * 5]


async def test_after_a_gap_in_what_was_heard_nothing_is_believed_to_be_fresh(tmp_path: Path) -> None:
    origin = Origin(Said(FRESH))
    async with running(tmp_path, page(origin)) as rig:
        await rig.ask()
        guard = rig.shelves()[0].here()
        assert guard is not None
        for entry in guard.memory.entries.values():
            entry.expires = guard.now()
        assert (await rig.ask()).body == b"answer 2"


async def test_purging_by_tag_takes_what_carries_it_and_tells_the_cdn(tmp_path: Path) -> None:
    told: list[tuple[str, ...]] = []
    origin = Origin(Said([*FRESH, ("Surrogate-Key", "shop:1 all"), ("Cache-Tag", "x, y")]))
    budget = BUDGET + 'tags = ["page:{path}"]\n'
    async with running(tmp_path, page(origin), budget) as rig:

        @rig.hold.on_purge
        async def cdn(tags: tuple[str, ...]) -> None:
            told.append(tags)
            if "down" in tags:
                raise OSError("the CDN is away")

        for tag, gone in (("shop:1", True), ("y", True), ("page:page", True), ("page:other", False)):
            await rig.ask()
            await rig.hold.purge(tag, tag)
            assert ((await rig.ask()).get("age") is None) is gone
        with pytest.raises(OSError, match="away"):
            await rig.hold.purge("down", "all")
        assert (await rig.ask()).get("age") is None
        assert told == [("shop:1",), ("y",), ("page:page",), ("page:other",), ("down", "all")]
        with pytest.raises(UsageError, match="without spaces"):
            await rig.hold.purge("a b")


async def test_what_was_asked_for_before_a_change_is_not_kept_after_it(tmp_path: Path) -> None:
    slow = Slow(("Cache-Control", "max-age=60"))
    async with running(tmp_path, slow.routes) as rig:
        first = asyncio.ensure_future(rig.ask())
        await until(lambda: slow.begun == 1)
        await rig.hold.purge("other")
        guard = rig.shelves()[0].here()
        assert guard is not None
        await guard.delete_tag("target /page")  # as a PUT does
        slow.go.set()
        await first
        assert (await rig.ask()).body == b"answer 2"


async def test_tenants_are_kept_apart_and_nobodys_is_not_kept(tmp_path: Path) -> None:
    budget = BUDGET.replace('bytes = "1MiB"', 'bytes = "1MiB"\ntenant = "header X-Tenant"')
    origin = Origin(Said([("Cache-Control", "public, max-age=60")]))
    async with running(tmp_path, page(origin), budget) as rig:
        asked = [
            await rig.ask("/page", [("X-Tenant", name)] if name else []) for name in ("a", "b", "a", "", "")
        ]
        assert [answer.body for answer in asked] == [
            b"answer 1", b"answer 2", b"answer 1", b"answer 3", b"answer 4",
        ]  # fmt: skip
        assert sorted(rig.outcomes()) == ["hit", "miss", "miss", "pass", "pass"]


async def test_observing_counts_and_serves_nothing(tmp_path: Path) -> None:
    budget = BUDGET.replace('bytes = "1MiB"', 'bytes = "1MiB"\nmode = "observe"')
    origin = Origin(Said(FRESH))
    async with running(tmp_path, page(origin), budget) as rig:
        assert [(await rig.ask()).body for _ in range(3)] == [b"answer 1", b"answer 2", b"answer 3"]
        assert rig.outcomes() == ["miss", "hit", "hit"]


async def test_without_its_numbers_nothing_is_kept(tmp_path: Path) -> None:
    origin = Origin(Said(FRESH))
    async with running(tmp_path, page(origin), BUDGET.replace('ttl = "100000h"\n', "")) as rig:
        assert [(await rig.ask()).body for _ in range(2)] == [b"answer 1", b"answer 2"]


async def test_hosts_are_kept_apart(tmp_path: Path) -> None:
    origin = Origin(Said(FRESH))
    async with running(tmp_path, page(origin)) as rig:
        await rig.ask()
        assert (await rig.ask("/page", [("Host", "other")])).body == b"answer 2"


REDIS = BUDGET.replace('bytes = "1MiB"', 'bytes = "1MiB"\nstore = "redis"\nwait = "5s"')
REDIS += '[dependency.redis]\nkind = "redis"\nurl_env = "REDIS_URL"\n'


async def test_workers_share_what_one_was_answered_and_a_change_reaches_all(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    binary = bytes(range(256)) * 9
    origin = Origin(Said([*FRESH, ("Cache-Tag", "all")], body=binary))
    routes = page(origin, "PUT")
    async with running(tmp_path, routes, REDIS) as one, running(tmp_path, routes, REDIS) as other:
        guards = [rig.shelves()[0].here() for rig in (one, other)]
        # From then on each hears what the other changes; what is on its way when it begins to is not kept.
        await until(lambda: all(guard._tier._store.listening for guard in guards))  # type: ignore[union-attr]
        for change in (lambda: one.ask(method="PUT"), lambda: one.hold.purge("all")):
            before = len(origin.asked)
            assert (await one.ask()).body == (await other.ask()).body == binary
            assert len(origin.asked) == before + 1
            await change()
            guard = other.shelves()[0].here()
            assert guard is not None
            await until(lambda guard=guard: not guard.memory.entries)  # type: ignore[misc]


async def test_random_cancellation_leaves_nothing_behind(tmp_path: Path) -> None:
    chance = random.Random(7)
    headers = (("Cache-Control", "max-age=3600"), ("Cache-Control", "private"))

    def routes(app: FastAPI, hold: Holdfast) -> None:
        @app.get("/{path:path}")
        async def some(path: str) -> Response:
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            name, value = chance.choice(headers)
            return Response(path, headers={name: value})

        app.put("/{path:path}")(some)

    async with running(tmp_path, routes) as rig:

        async def caller() -> Answer:
            path = f"/{chance.randrange(4)}"
            answer = await rig.ask(path, method=chance.choice(("GET", "GET", "GET", "PUT")))
            assert answer.body.decode() == path[1:]
            return answer

        callers = [asyncio.ensure_future(caller()) for _ in range(300)]
        for victim in chance.sample(callers, 150):
            await asyncio.sleep(0)
            victim.cancel()
        outcomes = await asyncio.gather(*callers, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} <= {Answer, asyncio.CancelledError}
        guard = rig.shelves()[0].here()
        assert guard is not None
        assert not len(guard.flights)
        assert not guard.flights._left_alone
