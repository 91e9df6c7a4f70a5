"""What comes of a call, in a table of situations."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import pytest

from holdfast.errors import CallFailed, DeadlineExceeded, DependencyUnavailable
from holdfast.events import CallEnded
from holdfast.policy import deadline
from holdfast.policy.call import CallConfig
from holdfast.policy.deadline import current
from tests.policy.call.provider import FULL, Provider, now, pipeline


@dataclass(frozen=True)
class Case:
    """A script, and what has to come of it."""

    name: str
    script: tuple[object, ...]
    result: object
    calls: int
    outcome: str
    failures: int  # as the breaker counts them
    idempotent: bool = True
    deadline: float | None = None
    config: CallConfig = FULL


CASES = [
    Case("good", (), "fine", 1, "ok", 0),
    Case("refused once", (ConnectionRefusedError(),), "fine", 2, "ok", 1),
    Case("refused for good", (ConnectionRefusedError(),) * 9, CallFailed, 2, "connect", 2),
    Case("not repeatable", (ConnectionResetError(),), CallFailed, 1, "reset", 1, idempotent=False),
    Case("slow once", (9.0,), "fine", 2, "ok", 1),
    Case("slow for good", (9.0, 9.0), CallFailed, 2, "timeout", 2),
    Case("bad answer once", ("status 503",), "fine", 2, "ok", 1),
    Case("bad answer passed on", ("status 503", "status 502"), "status 502", 2, "status 502", 2),
    Case("bad answer refused", ("status 503", "status 502"), CallFailed, 2, "status 502", 2,
         config=replace(FULL, refuse=True)),
    Case("deadline cuts the attempt", (9.0,), DeadlineExceeded, 1, "deadline", 0, deadline=0.1),
    Case("deadline forbids the retry", (0.395, ConnectionRefusedError()), "fine", 1, "ok", 0, deadline=0.4),
    Case("own limit, then the deadline", (9.0, 9.0), DeadlineExceeded, 2, "deadline", 1, deadline=0.6),
    Case("no time for a retry", (9.0,), CallFailed, 1, "timeout", 1, deadline=0.405),
    Case("deadline passed", (), DeadlineExceeded, 0, "deadline", 0, deadline=0.0),
    Case("without a limit of its own", (3.0,), "fine", 1, "ok", 0, config=replace(FULL, timeout=None)),
    Case("without retries", (ConnectionRefusedError(),), CallFailed, 1, "connect", 1,
         config=replace(FULL, retry=None)),
    Case("without anything", (3.0,), "fine", 1, "ok", 0, config=CallConfig("payments")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_composition(virtual: Any, case: Case) -> None:
    async def main() -> None:
        line, heard = pipeline(case.config)
        provider = Provider(*case.script)
        at = None if case.deadline is None else now() + case.deadline
        token = deadline.tighten(at)
        try:
            result: object = await line.call(provider, idempotent=case.idempotent)
        except DeadlineExceeded as error:
            result = type(error)
        except DependencyUnavailable as error:
            result = type(error)
        finally:
            deadline.restore(token)
        assert result == case.result
        assert provider.calls == case.calls
        ended = [event for event in heard if isinstance(event, CallEnded)]
        assert [(e.outcome, e.attempts, e.degraded) for e in ended] == [(case.outcome, case.calls, False)]
        if line.breaker is not None:
            assert line.breaker.core.counts(now()).failures == case.failures
        assert line.bulkhead is None or line.bulkhead.core.in_flight == 0
        assert current().waiting() == 0
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    virtual(main())
