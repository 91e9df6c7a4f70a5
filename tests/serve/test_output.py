from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from holdfast.serve.output import HeldOutput


@pytest.fixture
def pipes() -> Iterator[tuple[int, int, int, int]]:
    ends = (*os.pipe(), *os.pipe())
    yield ends
    for end in ends:
        with suppress(OSError):
            os.close(end)


def test_output_is_held_until_released(pipes: tuple[int, int, int, int]) -> None:
    source, writer, shown, target = pipes
    os.set_blocking(shown, False)
    held = HeldOutput(source, target)
    os.write(writer, b"one\n")
    assert held.pump()
    with pytest.raises(BlockingIOError):
        os.read(shown, 100)
    assert held.text() == "one\n"
    held.release()
    os.write(writer, b"two\n")
    assert held.pump()
    assert os.read(shown, 100) == b"one\ntwo\n"
    os.close(writer)
    assert not held.pump()


def test_only_the_end_of_much_output_is_held(pipes: tuple[int, int, int, int]) -> None:
    source, writer, _, target = pipes
    held = HeldOutput(source, target)
    for number in range(200):
        os.write(writer, b"%d " % number + b"x" * 8000 + b"\n")
        held.pump()
    assert len(held.text()) < 300 * 1024
    assert held.text().rstrip("x\n").endswith("199 ")


def test_a_reader_of_ours_that_has_gone_is_no_error(pipes: tuple[int, int, int, int]) -> None:
    source, writer, shown, target = pipes
    os.close(shown)
    held = HeldOutput(source, target)
    held.release()
    os.write(writer, b"lost\n")
    assert held.pump()
