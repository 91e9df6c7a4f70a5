from __future__ import annotations

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.client.http.repeatable import repeatable
from holdfast.client.http.verdicts import judge_error, judge_response, parse_retry_after
from holdfast.policy.outcome import Outcome


@pytest.mark.parametrize("status", [200, 204, 301, 304, 400, 401, 404, 409, 422])
def test_an_answer_is_an_answer(status: int) -> None:
    assert judge_response(httpx2.Response(status)) is None


@pytest.mark.parametrize(
    ("status", "outcome", "retryable"),
    [
        (429, Outcome.IGNORED, True),
        (500, Outcome.FAILURE, True),
        (501, Outcome.FAILURE, False),
        (502, Outcome.FAILURE, True),
        (503, Outcome.FAILURE, True),
        (505, Outcome.FAILURE, False),
    ],
)
def test_what_is_none(status: int, outcome: Outcome, retryable: bool) -> None:
    verdict = judge_response(httpx2.Response(status))
    assert verdict is not None
    assert (verdict.cause, verdict.outcome, verdict.retryable) == (f"status {status}", outcome, retryable)
    assert verdict.retry_after is None


@pytest.mark.parametrize(
    ("status", "headers", "shed"),
    [
        (429, {}, True),
        (503, {"Retry-After": "7"}, True),
        (503, {}, False),
        (500, {"Retry-After": "7"}, False),
    ],
)
def test_refused_for_want_of_room(status: int, headers: dict[str, str], shed: bool) -> None:
    verdict = judge_response(httpx2.Response(status, headers=headers))
    assert verdict is not None
    assert verdict.shed is shed


@pytest.mark.parametrize(("status", "honoured"), [(429, 7.0), (503, 7.0), (500, None)])
def test_retry_after_where_it_is_defined(status: int, honoured: float | None) -> None:
    verdict = judge_response(httpx2.Response(status, headers={"Retry-After": "7"}))
    assert verdict is not None
    assert verdict.retry_after == honoured


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (httpx2.ConnectError("refused"), "connect"),
        (httpx2.ConnectTimeout("slow"), "connect"),
        (httpx2.ReadTimeout("slow"), "timeout"),
        (httpx2.WriteTimeout("slow"), "timeout"),
        (httpx2.ReadError("reset"), "reset"),
        (httpx2.WriteError("reset"), "reset"),
        (httpx2.RemoteProtocolError("hung up"), "reset"),
    ],
)
def test_causes(error: Exception, cause: str) -> None:
    verdict = judge_error(error)
    assert verdict is not None
    assert (verdict.cause, verdict.outcome) == (cause, Outcome.FAILURE)


def test_waiting_for_our_own_pool_is_no_failure_of_theirs() -> None:
    verdict = judge_error(httpx2.PoolTimeout("full"))
    assert verdict is not None
    assert verdict.outcome is Outcome.IGNORED


@pytest.mark.parametrize(
    "error",
    [
        httpx2.UnsupportedProtocol("gopher"),
        httpx2.LocalProtocolError("header"),
        httpx2.InvalidURL("x"),
        KeyError(),
    ],
)
def test_the_callers_own(error: Exception) -> None:
    assert judge_error(error) is None


WALL = 784111777.0  # the date in RFC 9110, 5.6.7


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sun, 06 Nov 1994 08:49:27 GMT", 0.0),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("9" * 30, None),
    ],
)
def test_parse_retry_after(value: str, seconds: float | None) -> None:
    assert parse_retry_after(value, lambda: WALL) == seconds


@given(st.text())
def test_no_text_raises(value: str) -> None:
    seconds = parse_retry_after(value)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("method", "headers", "content", "safe"),
    [
        ("GET", {}, None, True),
        ("PUT", {}, b"x", True),
        ("POST", {}, b"x", False),
        ("PATCH", {}, b"x", False),
        ("POST", {"Idempotency-Key": "7"}, b"x", True),
    ],
)
def test_repeatable(method: str, headers: dict[str, str], content: bytes | None, safe: bool) -> None:
    assert repeatable(httpx2.Request(method, "http://x", headers=headers, content=content)) is safe


def test_a_body_that_is_gone_once_sent_is_not_sent_twice() -> None:
    async def parts() -> object:
        yield b"x"

    assert not repeatable(httpx2.Request("PUT", "http://x", content=parts()))
