from __future__ import annotations

from typing import Any

import pytest

from holdfast.budget.model.sending import Expect
from holdfast.errors import UsageError
from holdfast.gate.shape.check import Check, WrongAnswer, read_check

HEAD = b"HTTP/1.1 201 Created\r\nLocation: /orders/7\r\nX-Request-Id:  abc \r\n"
BODY = b'{"ok": true, "n": 1, "items": [{"id": "a-1"}, {"id": 2}], "none": null, "odd": "a\\u0000"}'


def check(*, take: dict[str, str] | None = None, **expect: Any) -> Check:
    asked = Expect.model_validate(expect) if expect else None
    made = read_check(asked, take or {}, "traffic.request[0]", str)
    assert made is not None
    return made


def wrong(made: Check, status: int = 200, body: bytes = BODY) -> str:
    """Return what was expected of an answer that is wrong, "" of one that is not."""
    try:
        made.examine(status, HEAD, body)
    except WrongAnswer as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("expect", "status", "right"),
    [
        ({"status": [200, 201]}, 201, True),
        ({"status": 200}, 201, False),
        ({"status": 404}, 404, True),
        ({"json": {"$.ok": True}}, 200, True),
        ({"json": {"$.ok": 1}}, 200, False),
        ({"json": {"$.n": 1}}, 200, True),
        ({"json": {"$.n": True}}, 200, False),
        ({"json": {"$.none": None}}, 200, True),
        ({"json": {"$.items[1].id": 2, "$.ok": True}}, 200, True),
        ({"json": {"$.items[-1].id": 2}}, 200, True),
        ({"json": {"$.items[2].id": 2}}, 200, False),
        ({"json": {"$.items.id": 2}}, 200, False),
        ({"json": {"$['items'][0]": {"id": "a-1"}}}, 200, True),
        ({"contains": '"ok": true'}, 200, True),
        ({"contains": "nowhere"}, 200, False),
        ({"contains": "nowhere"}, 503, True),  # [sli] judges it
        ({"status": [503], "contains": "nowhere"}, 503, False),
    ],
)
def test_an_answer_is_what_is_expected_or_wrong(expect: dict[str, Any], status: int, right: bool) -> None:
    assert (wrong(check(**expect), status) == "") is right


@pytest.mark.parametrize(
    ("expect", "status", "message"),
    [
        ({"status": [200, 201]}, 404, "expected status 200 or 201, got 404"),
        ({"json": {"$.items[0].id": "x"}}, 200, 'expected "x" at $.items[0].id'),
        ({"json": {"$['a b']": None}}, 200, 'expected null at $["a b"]'),
        ({"contains": "word"}, 200, "expected 'word' in the body"),
    ],
)
def test_what_was_expected_is_said_and_nothing_of_the_body(
    expect: dict[str, Any], status: int, message: str
) -> None:
    assert wrong(check(**expect), status) == message


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"[]"])
def test_a_body_that_is_not_what_is_looked_into_is_wrong(body: bytes) -> None:
    assert wrong(check(json={"$.ok": True}), body=body)


def test_values_are_taken_from_the_body_and_the_head() -> None:
    taking = check(
        take={"item": "$.items[0].id", "n": "$.n", "at": "header:location", "r": "header:X-REQUEST-ID"}
    )
    assert taking.examine(201, HEAD, BODY) == {"item": "a-1", "n": 1, "at": "/orders/7", "r": "abc"}


@pytest.mark.parametrize("where", ["$.nowhere", "$.items", "$.none", "$.odd", "header:etag"])
def test_what_cannot_be_sent_again_is_not_taken(where: str) -> None:
    assert "a text or a number" in wrong(check(take={"it": where}))


def test_nothing_is_taken_of_an_error() -> None:
    assert wrong(check(take={"n": "$.n"}), 500) == "nothing to take from an answer of status 500"


@pytest.mark.parametrize("path", ["ok", "$ok", "$.", "$.a..b", "$.a[x]", "$.a[*]", "$[", ""])
def test_a_path_that_is_none_is_named_with_its_place(path: str) -> None:
    with pytest.raises(UsageError, match="expected a path such as") as caught:
        check(json={path: 1})
    assert caught.value.place == "traffic.request[0].expect"


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be the name of what is taken"):
        check(take={"a b": "$.a"})
