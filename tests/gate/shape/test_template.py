from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.shape.template import HOLE, LENGTH, cut, render

sendable = st.text().filter(str.isprintable) | st.integers() | st.booleans()


def test_a_request_without_holes_stays_what_it_is() -> None:
    data = b"GET /{id} HTTP/1.1\r\n\r\n\xff"
    assert render(data, {}) is data


@given(sendable)
def test_a_value_is_escaped_as_its_place_wants_it(value: str | float) -> None:
    body = json.dumps(cut({"whole": "{it}", "part": "a {it} b"}, ["it"]), ensure_ascii=False)
    data = cut("POST /a/{it}?q={it} HTTP/1.1\r\nX-It: {it}", ["it"])
    raw = f"{data}\r\nContent-Length: {LENGTH}\r\n\r\n{body}".encode()
    head, _, sent = render(raw, {"it": value}).partition(b"\r\n\r\n")
    assert json.loads(sent)["whole"] == value
    text = value if isinstance(value, str) else json.dumps(value)
    assert json.loads(sent)["part"] == f"a {text} b"
    line, *headers = head.decode().split("\r\n")
    assert len(line.split(" ")) == 3
    assert headers == [f"X-It: {text}", f"Content-Length: {len(sent)}"]


def test_a_body_without_holes_may_look_as_if_it_had_some() -> None:
    body = HOLE + b"\xff\r\n\r\n" + HOLE
    raw = cut("POST /{it} HTTP/1.1\r\nContent-Length: 10", ["it"]).encode() + b"\r\n\r\n" + body
    assert render(raw, {"it": 5}) == b"POST /5 HTTP/1.1\r\nContent-Length: 10\r\n\r\n" + body


def test_a_name_that_no_step_takes_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no step before takes \{it\}; taken so far: \{one\}, \{two\}"):
        cut({"a": ["{it}"]}, ["one", "two"])
