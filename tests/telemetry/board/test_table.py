from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from holdfast.telemetry.board.layout import TableShape
from holdfast.telemetry.board.table import OTHER, Table, cut

SHAPE = TableShape(rows=4, cells=3, gauges=(2,), name_bytes=16)


def memory(shape: TableShape = SHAPE) -> memoryview:
    return memoryview(bytearray(shape.bytes))


def content(table: Table) -> dict[str, list[int]]:
    return {name: cells.tolist() for name, cells in table.rows()}


def test_a_fresh_table_has_no_rows() -> None:
    assert content(Table(memory(), SHAPE)) == {}


def test_a_row_is_made_once_and_counts_in_place() -> None:
    raw = memory()
    table = Table(raw, SHAPE)
    table.row("a")[0] += 1
    table.row("a")[0] += 1
    table.row("b")[1] += 5
    assert content(Table(raw, SHAPE)) == {"a": [2, 0, 0], "b": [0, 5, 0]}


def test_the_overflow_is_shared_by_the_names_that_found_no_row() -> None:
    table = Table(memory(), SHAPE)
    for name in ("a", "b", "c"):  # row 0 is the shared one
        table.row(name)[0] += 1
    table.row("d")[0] += 1
    table.row("e")[0] += 1
    assert content(table) == {OTHER: [2, 0, 0], "a": [1, 0, 0], "b": [1, 0, 0], "c": [1, 0, 0]}


def test_a_new_owner_goes_on_with_the_counters_and_starts_gauges_anew() -> None:
    raw = memory()
    Table(raw, SHAPE).row("a")[:] = memoryview(b"".join(n.to_bytes(8, "little") for n in (7, 8, 9))).cast("Q")
    heir = Table(raw, SHAPE)
    heir.reset_gauges()
    heir.row("a")[0] += 1
    heir.row("b")[0] += 1
    assert content(heir) == {"a": [8, 8, 0], "b": [1, 0, 0]}


def test_long_names_are_cut_and_share_a_row_when_equal_then() -> None:
    table = Table(memory(), SHAPE)
    table.row("x" * 16 + "one")[0] += 1
    table.row("x" * 16 + "two")[0] += 1
    table.row("x" * 16 + "one")[0] += 1
    assert content(table) == {"x" * 16: [3, 0, 0]}


def test_a_damaged_count_or_length_crashes_no_reader() -> None:
    raw = memory()
    table = Table(raw, SHAPE)
    table.row("a")[0] = 1
    raw[:8].cast("Q")[0] = 1 << 60
    raw[8 + SHAPE.row_bytes : 16 + SHAPE.row_bytes].cast("Q")[0] = 1 << 60
    names = [name for name, _ in Table(raw, SHAPE).rows()]
    assert len(names) == 3
    assert names[0].startswith("a")


def test_two_threads_that_ask_for_one_name_get_one_row() -> None:
    shape = TableShape(rows=200, cells=1)
    table = Table(memory(shape), shape)
    start = threading.Barrier(4)

    def ask() -> None:
        start.wait()
        for i in range(100):
            table.row(f"name {i}")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = [name for name, _ in table.rows()]
    assert sorted(names) == sorted({f"name {i}" for i in range(100)})


@given(st.text(), st.integers(min_value=0, max_value=40))
def test_a_cut_text_is_a_prefix_in_whole_characters(text: str, limit: int) -> None:
    kept = cut(text, limit)
    assert len(kept) <= limit
    assert text.encode(errors="replace").startswith(kept)
    kept.decode()


def test_a_lone_surrogate_is_no_reason_to_fail() -> None:
    assert cut("a\udcff", 10) == b"a?"
