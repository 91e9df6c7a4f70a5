from __future__ import annotations

import asyncio
from typing import Any

import pytest

from holdfast.policy.cache import Absence, Record, Source
from holdfast.policy.store import StoreUnavailable
from tests.policy.cache.made import NUMBERS, PRODUCTS, Product, Rig, Work, turns

pytestmark = pytest.mark.anyio


async def test_it_computes_once_and_serves_until_it_expires() -> None:
    rig, work = Rig(), Work(5)
    assert [await rig.guard.obtain("k", NUMBERS, work) for _ in range(3)] == [5, 5, 5]
    assert rig.guard.hit("k") is not None
    rig.clock.advance(60)
    assert rig.guard.hit("k") is None
    await rig.guard.obtain("k", NUMBERS, work)
    assert work.begun == 2
    assert sorted(rig.outcomes()) == ["hit"] * 3 + ["miss"] * 2


async def test_a_stale_value_is_served_while_it_is_computed_anew() -> None:
    rig, work = Rig(stale=30.0), Work(1)
    await rig.guard.obtain("k", NUMBERS, work)
    rig.clock.advance(70)
    again = Work(2, held=True)
    assert [await rig.guard.obtain("k", NUMBERS, again) for _ in range(5)] == [1] * 5
    await turns()
    again.go.set()
    await turns()
    assert await rig.guard.obtain("k", NUMBERS, again) == 2
    assert again.begun == 1
    assert rig.outcomes().count("stale") == 5


async def test_what_is_lent_is_computed_anew_by_one_while_the_others_have_the_old() -> None:
    rig = Rig(stale=30.0)
    await rig.guard.obtain("k", NUMBERS, Work(1), lent=True)
    rig.clock.advance(70)
    again = Work(2, held=True)
    first = asyncio.ensure_future(rig.guard.obtain("k", NUMBERS, again, lent=True))
    await turns()
    assert [await rig.guard.obtain("k", NUMBERS, again, lent=True) for _ in range(5)] == [1] * 5
    again.go.set()
    assert await first == 2
    assert again.begun == 1


@pytest.mark.parametrize("lent", [False, True])
async def test_while_it_fails_the_stale_value_is_served_and_seldom_tried(lent: bool) -> None:
    rig = Rig(stale=30.0, pause=1.0)
    await rig.guard.obtain("k", NUMBERS, Work(1))
    rig.clock.advance(60)
    broken = Work(OSError("down"))
    for _ in range(10):
        assert await rig.guard.obtain("k", NUMBERS, broken, lent=lent) == 1
        await turns()
    assert broken.begun == 1
    rig.clock.advance(1.5)
    assert await rig.guard.obtain("k", NUMBERS, broken, lent=lent) == 1
    await turns()
    assert broken.begun == 2
    rig.clock.advance(29)  # gone: there is nothing to serve any more
    with pytest.raises(OSError, match="down"):
        await rig.guard.obtain("k", NUMBERS, broken, lent=lent)


async def test_a_failure_that_is_an_answer_is_not_papered_over() -> None:
    class Forbidden(Exception):
        status_code = 403

    rig = Rig(stale=30.0)
    await rig.guard.obtain("k", NUMBERS, Work(1))
    rig.clock.advance(70)
    with pytest.raises(Forbidden):
        await rig.guard.obtain("k", NUMBERS, Work(Forbidden()), lent=True)


async def test_one_of_many_computes_anew_before_it_expires() -> None:
    rig = Rig(beta=1.0)

    async def slow() -> int:
        rig.clock.advance(2)
        return 1

    await rig.guard.obtain("k", NUMBERS, slow)
    rig.clock.advance(55)
    again = Work(2)
    rig.chance = 0.5
    assert await rig.guard.obtain("k", NUMBERS, again) == 1
    assert again.begun == 0
    rig.chance = 0.95  # -2 ln(0.05) is 6 s before the end
    assert await rig.guard.obtain("k", NUMBERS, again) == 1
    await turns()
    assert again.begun == 1
    assert await rig.guard.obtain("k", NUMBERS, again) == 2


async def test_an_absence_is_remembered_where_that_was_decided() -> None:
    rig, work = Rig(negative=5.0), Work(Absence(404, "none"))
    for _ in range(3):
        assert await rig.guard.obtain("k", NUMBERS, work) == Absence(404, "none")
    assert work.begun == 1
    assert rig.guard.hit("k") is None  # the quick way never meets one
    rig.clock.advance(5)
    await rig.guard.obtain("k", NUMBERS, work)
    assert work.begun == 2
    plain, often = Rig(), Work(Absence())
    for _ in range(3):
        await plain.guard.obtain("k", NUMBERS, often)
    assert often.begun == 3


async def test_what_ceased_to_be_is_not_served_stale() -> None:
    rig = Rig(stale=30.0)
    await rig.guard.obtain("k", NUMBERS, Work(1))
    rig.clock.advance(70)
    gone = Work(Absence())
    assert await rig.guard.obtain("k", NUMBERS, gone) == 1  # nobody knew
    await turns()
    assert await rig.guard.obtain("k", NUMBERS, gone) == Absence()


@pytest.mark.parametrize("how", ["key", "tag", "set"])
async def test_what_was_invalidated_meanwhile_is_not_kept(how: str) -> None:
    rig, work = Rig(), Work(1, held=True)
    source = Source(NUMBERS.codec, lambda value: ("odd",))
    caller = asyncio.ensure_future(rig.guard.obtain("k", source, work))
    await turns()
    if how == "key":
        await rig.guard.delete("k")
    elif how == "tag":
        await rig.guard.delete_tag("odd")
    else:
        await rig.guard.set("k", source, 9)
    work.go.set()
    assert await caller == 1  # it was asked for before
    assert await rig.guard.obtain("k", source, Work(9)) == 9
    assert "void" in rig.outcomes()


async def test_another_tag_does_not_matter() -> None:
    rig, work = Rig(), Work(1, held=True)
    caller = asyncio.ensure_future(rig.guard.obtain("k", NUMBERS, work))
    await turns()
    await rig.guard.delete_tag("other")
    work.go.set()
    await caller
    assert rig.guard.hit("k") is not None


async def test_what_is_no_value_of_its_type_is_passed_on_and_not_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rig, work = Rig(), Work({"nothing": "like it"})
    for _ in range(2):
        assert await rig.guard.obtain("k", PRODUCTS, work) == {"nothing": "like it"}
    assert work.begun == 2
    assert len(caplog.records) == 1
    assert rig.outcomes().count("unfit") == 2


async def test_the_explicit_words() -> None:
    rig = Rig()
    guard = rig.guard
    assert await guard.get("k", PRODUCTS) is None
    kelp = Product(name="kelp")
    assert await guard.set("k", PRODUCTS, kelp, ttl=5.0) is kelp
    entry = await guard.get("k", PRODUCTS)
    assert entry is not None
    assert entry.value is kelp  # shared, not copied
    rig.clock.advance(5)
    assert await guard.get("k", PRODUCTS) is None
    await guard.set("k", PRODUCTS, kelp)
    assert await guard.delete("k") is True
    assert await guard.delete("k") is False


class Held:
    """A shared store whose lookup is on its way while other things happen."""

    def __init__(self) -> None:
        now = 1000.0 + 1e9
        self.record: Record | None = Record(b"1", now + 60, now + 60, 0.0, tags=("odd",), stamp=b"x" * 8)
        self.arrived = asyncio.Event()

    async def look(self, key: str) -> Record | None:
        record = self.record
        await self.arrived.wait()
        return record

    async def drop(self, key: str) -> bool:
        self.record = None
        return True

    async def drop_tag(self, tag: str) -> None:
        self.record = None

    def listen(self, gone: Any) -> None:
        self.gone = gone

    async def begin(self, key: str, known: bytes) -> Any:
        raise StoreUnavailable("paused")


@pytest.mark.parametrize("how", ["key", "tag", "told", "told tag", "told all"])
async def test_what_is_read_while_it_is_invalidated_is_not_kept(how: str) -> None:
    shared: Any = Held()
    rig = Rig(shared=shared)
    reader = asyncio.ensure_future(rig.guard.obtain("k", NUMBERS, Work(2)))
    await turns()
    if how == "key":
        await rig.guard.delete("k")
    elif how == "tag":
        await rig.guard.delete_tag("odd")
    else:
        shared.record = None
        kind = how.partition(" ")[2] or "key"
        shared.gone(kind, {"key": "k", "tag": "odd", "all": ""}[kind])
    shared.arrived.set()
    assert await reader == 1  # it was asked for before
    assert rig.guard.hit("k") is None
    assert await rig.guard.obtain("k", NUMBERS, Work(2)) == 2


async def test_of_many_who_look_in_the_shared_store_one_asks() -> None:
    shared: Any = Held()
    rig = Rig(shared=shared)
    readers = [asyncio.ensure_future(rig.guard.obtain("k", NUMBERS, Work(2))) for _ in range(50)]
    await turns()
    shared.look = None  # nobody else asks
    shared.arrived.set()
    assert await asyncio.gather(*readers) == [1] * 50


async def test_closing_ends_what_computes() -> None:
    before = len(asyncio.all_tasks())
    rig, work = Rig(stale=30.0), Work(1)
    await rig.guard.obtain("k", NUMBERS, work)
    rig.clock.advance(70)
    held: Any = Work(2, held=True)
    await rig.guard.obtain("k", NUMBERS, held)
    await turns()
    await rig.guard.aclose()
    assert (held.begun, held.ended) == (1, 0)
    assert len(asyncio.all_tasks()) == before
