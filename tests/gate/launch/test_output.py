from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.launch.output import Output


@given(st.lists(st.binary(max_size=20)), st.integers(1, 5))
def test_lines_do_not_depend_on_how_the_bytes_arrive(chunks: list[bytes], keep: int) -> None:
    whole = Output(keep)
    whole.feed("stdout", b"".join(chunks))
    whole.end("stdout")
    parts = Output(keep)
    for chunk in chunks:
        parts.feed("stdout", chunk)
    parts.end("stdout")
    assert parts.lines() == whole.lines()
    assert len(parts.lines()) <= keep


def test_streams_are_split_apart_and_kept_in_order() -> None:
    output = Output()
    output.feed("stdout", b"a\r\nb")
    output.feed("stderr", b"c\n")
    output.feed("stdout", b"B\n\n")
    assert output.lines() == ["a", "c", "bB", ""]
    assert output.lines("stdout") == ["a", "bB", ""]
    assert output.text(last=2) == "bB\n"
    assert output.cause() == "c"


def test_cause_falls_back_to_stdout_and_to_nothing() -> None:
    output = Output()
    assert output.cause() == ""
    output.feed("stdout", b"why \n \n")
    assert output.cause() == "why"


def test_a_line_without_end_is_cut() -> None:
    output = Output()
    for _ in range(100):
        output.feed("stdout", b"x" * 4096)
    output.end("stdout")
    lines = output.lines()
    assert 2 < len(lines) < 10
    assert sum(map(len, lines)) == 100 * 4096
