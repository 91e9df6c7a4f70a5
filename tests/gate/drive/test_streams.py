"""Answers that go on: they are there with the first bytes of their body."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from holdfast.budget.model.sending import Expect, Scenario
from holdfast.gate.drive import Cause, Outcome
from holdfast.gate.shape import RequestSpec
from tests.gate.drive.servers import OK, Answer, drive_against, hang, write, write_and_close

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
EVENT = b"9\r\ndata: 1\n\n\r\n"


def endless(*first: bytes, ends: list[float] | None = None) -> Answer:
    """Return a stream that begins in these pieces, then goes on until the client leaves."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        if b" /plain " in head:
            writer.write(OK)
            return
        for piece in first:
            writer.write(piece)
            await asyncio.sleep(0.005)
        began = asyncio.get_running_loop().time()
        left = asyncio.ensure_future(hang(reader))
        try:
            while not left.done():
                writer.write(EVENT)
                await asyncio.wait({left}, timeout=0.01)
        finally:
            left.cancel()
            if ends is not None:
                ends.append(asyncio.get_running_loop().time() - began)

    return answer


@pytest.mark.parametrize(
    "first",
    [(CHUNKED, EVENT), (CHUNKED + EVENT,), (CHUNKED[:20], CHUNKED[20:]), (HEAD + b"\r\n", b"data: 1\n\n")],
)
def test_a_stream_is_answered_with_its_first_bytes(first: tuple[bytes, ...]) -> None:
    spec = RequestSpec("GET /events", reads=0.0, expect=Expect(status=[200]))
    records, server = drive_against(endless(*first), [0, 30], spec)
    assert records.status.tolist() == [200, 200]
    assert not records.outcome.any()
    assert np.all(records.done >= records.sent)
    assert server.connections == 2


def test_a_stream_is_read_for_as_long_as_is_said() -> None:
    ends: list[float] = []
    specs = (RequestSpec("GET /events", reads=0.2), RequestSpec("GET /plain"))
    records, _ = drive_against(endless(CHUNKED, ends=ends), [0, 1000], *specs, request=[0, 1])
    assert records.status.tolist() == [200, 200]
    assert len(ends) == 1
    assert ends[0] > 0.15  # the server's first bytes are a moment older than the driver's


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (write(OK), 200),  # no stream at all
        (write(b"HTTP/1.1 503 x\r\ncontent-length: 0\r\n\r\n"), 503),
        (write_and_close(CHUNKED), Cause.RESET),
        (write_and_close(HEAD + b"\r\n"), 200),
        (write(CHUNKED), Cause.TIMEOUT),
    ],
)
def test_what_is_no_stream_or_says_nothing(answer: Answer, status: int) -> None:
    records, _ = drive_against(answer, [0], RequestSpec("GET /events", reads=0.0), timeout_s=0.5)
    assert records.status.tolist() == [status]


def test_what_the_guard_said_is_read_from_a_stream() -> None:
    first = HEAD + b"holdfast-outcome: degraded\r\ntransfer-encoding: chunked\r\n\r\n"
    records, _ = drive_against(endless(first), [0], RequestSpec("GET /events", reads=0.0))
    assert records.outcome.tolist() == [Outcome.DEGRADED]


def test_a_step_may_stream_and_the_next_follows_its_first_bytes() -> None:
    steps = [{"send": "GET /events", "reads": "first"}, {"send": "GET /plain", "think": "10ms"}]
    scenario = Scenario.model_validate({"steps": steps})
    records, _ = drive_against(endless(CHUNKED), [0], scenarios=[scenario])
    assert records.status.tolist() == [200, 200]
