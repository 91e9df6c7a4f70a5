from __future__ import annotations

from typing import Any

import pytest
from redis import exceptions as of

from holdfast.client.redis.commands import name_of, repeatable, waits
from holdfast.client.redis.verdicts import Unreachable, judge
from holdfast.policy.outcome import Outcome


@pytest.mark.parametrize(
    ("command", "may"),
    [
        (("GET", "a"), True),
        ((b"get", "a"), True),
        (("PING",), True),
        (("SET", "a", 1), True),
        (("SET", "a", "NX"), True),  # a value, and no condition
        (("SET", "a", 1, "EX", 5), True),
        (("SET", "a", 1, "NX"), False),
        (("SET", "a", 1, "EX", 5, b"xx"), False),
        (("SET", "a", 1, "GET"), False),
        (("INCR", "a"), False),
        (("DEL", "a"), False),
        (("LPUSH", "a", 1), False),
        (("EVALSHA", "...", 0), False),
        ((7,), False),
    ],
)
def test_what_may_be_sent_again(command: Any, may: bool) -> None:
    assert repeatable(command) is may


def test_more_may_be_named() -> None:
    assert repeatable(("DEL", "a"), {"DEL"})


@pytest.mark.parametrize(
    ("command", "long"),
    [
        (("BLPOP", "a", 1), True),
        (("XREAD", b"BLOCK", 5, "STREAMS", "a", 0), True),
        (("XREAD", "STREAMS", "a", 0), False),
        (("GET", "BLOCK"), False),
        (("WAIT", 1, 100), True),
    ],
)
def test_what_waits_on_purpose(command: Any, long: bool) -> None:
    assert waits(command) is long


def test_a_name_is_shown_in_capitals() -> None:
    assert [name_of((name, 1)) for name in ("get", b"GeT", "CLIENT INFO")] == ["GET", "GET", "CLIENT INFO"]


@pytest.mark.parametrize(
    ("error", "cause", "outcome", "retryable"),
    [
        (Unreachable("refused"), "connect", Outcome.FAILURE, True),
        (of.TimeoutError("late"), "timeout", Outcome.FAILURE, True),
        (of.ConnectionError("closed"), "reset", Outcome.FAILURE, True),
        (of.BusyLoadingError("loading"), "loading", Outcome.FAILURE, True),
        (of.AuthenticationError("no"), "AuthenticationError", Outcome.FAILURE, False),
        (of.ReadOnlyError("a replica"), "ReadOnlyError", Outcome.FAILURE, False),
        (of.OutOfMemoryError("full"), "OutOfMemoryError", Outcome.FAILURE, False),
        (of.ResponseError("BUSY Redis is busy"), "busy", Outcome.FAILURE, False),
        (of.ResponseError("MISCONF no disk"), "misconf", Outcome.FAILURE, False),
        (of.MaxConnectionsError("ours"), "pool", Outcome.IGNORED, False),
    ],
)
def test_what_an_error_says(error: Exception, cause: str, outcome: Outcome, retryable: bool) -> None:
    verdict = judge.error(error)
    assert verdict is not None
    assert (verdict.cause, verdict.outcome, verdict.retryable) == (cause, outcome, retryable)


@pytest.mark.parametrize(
    "error", [of.ResponseError("WRONGTYPE"), of.WatchError(), of.NoScriptError(), of.DataError(), KeyError()]
)
def test_what_is_the_callers_own(error: Exception) -> None:
    assert judge.error(error) is None
