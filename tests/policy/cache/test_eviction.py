from __future__ import annotations

import random
import tracemalloc
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from hypothesis import given
from hypothesis import strategies as st

from holdfast.policy.cache.core import Entry
from holdfast.policy.cache.eviction import MOST_HITS, S3Fifo
from holdfast.policy.cache.footprint import footprint
from holdfast.policy.cache.store.memory import MemoryStore
from tests.policy.cache.made import Product

SIZE = 4000


def entry(key: str, size: int = SIZE, **more: object) -> Entry:
    return Entry(key, None, expires=1e9, gone=1e9, size=size, **more)  # type: ignore[arg-type]


def ratio_of_s3(trace: Iterable[int], entries: int) -> float:
    queues, hits, asked = S3Fifo(entries * SIZE), 0, 0
    for number in trace:
        asked += 1
        found = queues.entries.get(f"k{number}")
        if found is None:
            queues.add(entry(f"k{number}"))
        else:
            hits += 1
            found.hits = min(MOST_HITS, found.hits + 1)
        assert queues.bytes <= entries * SIZE
    return hits / asked


def ratio_of_lru(trace: Iterable[int], entries: int) -> float:
    kept: OrderedDict[int, None] = OrderedDict()
    hits, asked = 0, 0
    for number in trace:
        asked += 1
        if number in kept:
            hits += 1
            kept.move_to_end(number)
        else:
            kept[number] = None
            if len(kept) > entries:
                kept.popitem(last=False)
    return hits / asked


def zipf(count: int, keys: int = 5000, skew: float = 0.9, seed: int = 1) -> list[int]:
    weights = [1 / (rank**skew) for rank in range(1, keys + 1)]
    return random.Random(seed).choices(range(keys), weights, k=count)


def with_scans(trace: list[int], every: int = 1000, length: int = 1000) -> Iterator[int]:
    fresh = 10_000_000
    for at, number in enumerate(trace):
        yield number
        if at % every == 0:
            yield from range(fresh, fresh + length)
            fresh += length


def test_popular_keys_stay() -> None:
    trace = zipf(25_000)
    assert ratio_of_s3(trace, 250) > ratio_of_lru(trace, 250) + 0.03


def test_a_scan_does_not_sweep_them_out() -> None:
    trace = list(with_scans(zipf(12_000)))
    assert ratio_of_s3(trace, 250) > 1.2 * ratio_of_lru(trace, 250)


def test_a_loop_that_does_not_fit_keeps_a_part() -> None:
    trace = list(range(300)) * 40
    assert ratio_of_lru(trace, 250) == 0.0
    assert ratio_of_s3(trace, 250) > 0.2


@given(
    st.lists(st.tuples(st.sampled_from("apr"), st.integers(0, 30), st.integers(300, 9000)), max_size=120),
    st.integers(1000, 40_000),
)
def test_it_is_never_larger_and_forgets_nothing_it_counts(
    steps: list[tuple[str, int, int]], capacity: int
) -> None:
    queues = S3Fifo(capacity)
    for what, number, size in steps:
        key = f"k{number}"
        if what == "a":
            queues.add(entry(key, size))
        elif what == "r":
            queues.remove(key)
        elif (found := queues.entries.get(key)) is not None:
            found.hits = min(MOST_HITS, found.hits + 1)
        assert 0 <= queues.bytes <= capacity
        assert sum(kept.size for kept in queues.entries.values()) <= queues.bytes
    queues.clear()
    assert queues.bytes == 0


def test_what_is_larger_than_all_is_not_kept() -> None:
    queues = S3Fifo(1000)
    queues.add(entry("a", 900))
    assert [left.key for left in queues.add(entry("a", 1001))] == ["a"]
    assert not queues.entries
    assert queues.bytes == 0


def test_the_bytes_are_those_of_the_machine() -> None:
    limit = 1 << 20
    store = MemoryStore(limit)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(5000):
            value = Product(name="x" * (number % 300), price=number)
            store.put(
                Entry(
                    f"some/prefix/i{number};",
                    value,
                    expires=1e9,
                    gone=1e9,
                    size=footprint(value),
                    tags=("all",),
                )
            )
        used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert limit / 2 < used < limit * 1.1
    assert store.bytes <= limit


def test_a_tag_finds_its_entries_and_is_forgotten_with_them() -> None:
    store = MemoryStore(100_000)
    store.put(entry("a", 10, tags=("x", "y")))
    store.put(entry("b", 10, tags=("x",)))
    store.put(entry("a", 10, tags=("y",)))  # a new value without the tag
    assert store.remove_tag("x") == 1
    assert set(store.entries) == {"a"}
    assert store.remove("a")
    assert not store.remove("a")
    assert store._tagged == {}
    assert store.bytes == 0
