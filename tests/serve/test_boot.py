from __future__ import annotations

import json
import os
import traceback
from collections.abc import Iterator

import pytest

from holdfast.serve.boot import Failed, News, Reporter, Stage, explain, explain_text


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_news_arrive_whole_and_in_order(pipe: tuple[int, int]) -> None:
    news, reporter = News(pipe[0]), Reporter(pipe[1])
    assert news.read() == []
    reporter.say(Stage(7, "import"))
    failed = Failed(7, "import", "KeyError: 'x'", "app.py:3")
    reporter.say(failed)
    os.write(pipe[1], b'{"Stage": {"pid": 8, ')  # the rest is still to come
    assert news.read() == [failed]
    assert news.stages == {7: "import"}
    os.write(pipe[1], b'"stage": "lifespan"}}\n')
    assert news.read() == []
    assert news.stages == {7: "import", 8: "lifespan"}
    assert news.failures == [failed]


def test_the_longest_news_fits_into_one_write(pipe: tuple[int, int]) -> None:
    said, place = explain(ValueError("\u20ac" * 100_000))
    Reporter(pipe[1]).say(Failed(1 << 22, "lifespan", said, place or "x" * 200))
    assert len(os.read(pipe[0], 1 << 20)) <= 4096  # PIPE_BUF on Linux: longer writes may mix


def test_a_reporter_without_a_reader_is_silent() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    Reporter(writing).say(Stage(1, "import"))
    os.close(writing)


def test_an_error_is_placed_in_the_services_own_code() -> None:
    try:
        int("x")
    except ValueError as error:
        said, place = explain(error)
        text = traceback.format_exc()
    assert said == "ValueError: invalid literal for int() with base 10: 'x'"
    file, _, line = place.rpartition(":")
    assert __file__.endswith(file)
    assert line.isdecimal()
    assert explain_text(text) == (said, place)


def test_code_of_packages_is_nobodys_own() -> None:
    with pytest.raises(ValueError, match="Expecting value") as caught:
        json.loads("nonsense")
    inside = caught.value.with_traceback(caught.tb.tb_next)
    assert explain(inside)[1] == ""


@pytest.mark.parametrize(
    ("text", "said"), [("", "no reason given"), ("boom", "boom"), ("a\n  b: c  \n\n", "b: c")]
)
def test_whatever_an_app_says_is_one_line(text: str, said: str) -> None:
    assert explain_text(text) == (said, "")


def test_the_cause_of_a_lifespan_says_so() -> None:
    assert str(Failed(1, "lifespan", "boom", "app.py:3")) == "lifespan failed: boom (app.py:3)"
    assert str(Failed(1, "import", "boom")) == "boom"
