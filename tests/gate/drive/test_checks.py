"""Answers that are held against what was expected of them, by the driver."""

from __future__ import annotations

import asyncio
import json
from array import array
from typing import Any

import pytest

from holdfast.budget.model.sending import Expect
from holdfast.gate.drive import RETRY_AFTER, Cause, Outcome
from holdfast.gate.drive.inspection import Inspection
from holdfast.gate.drive.report import summary
from holdfast.gate.shape import Check, RequestSpec
from tests.gate.drive.servers import OK, Answer, drive_against, write, write_and_close

WRONG = Outcome.WRONG_ANSWER


def expecting(send: str = "GET /x", **expect: Any) -> RequestSpec:
    return RequestSpec(send, expect=Expect.model_validate(expect))


def said(body: object, head: bytes = b"HTTP/1.1 200 OK\r\n") -> bytes:
    data = json.dumps(body).encode()
    return head + b"content-length: %d\r\n\r\n" % len(data) + data


def in_parts(data: bytes, size: int) -> Answer:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        for begin in range(0, len(data), size):
            writer.write(data[begin : begin + size])
            await asyncio.sleep(0.001)

    return answer


CHUNKED = b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{"ok\r\n8\r\n": true}\r\n0\r\n\r\n'


@pytest.mark.parametrize(
    ("answer", "expect", "outcome"),
    [
        (write(said({"ok": True})), {"json": {"$.ok": True}}, 0),
        (write(said({"ok": False})), {"json": {"$.ok": True}}, WRONG),
        (write(OK), {"contains": "ok"}, 0),
        (write(OK), {"contains": "content-length"}, WRONG),  # of the body, not of the head
        (write(OK), {"status": [201]}, WRONG),
        (write(b"HTTP/1.1 404 x\r\ncontent-length: 0\r\n\r\n"), {"status": [404]}, 0),
        (write(b"HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n"), {"status": [200]}, WRONG),
        (write(CHUNKED), {"json": {"$.ok": True}}, 0),
        (in_parts(CHUNKED, 9), {"json": {"$.ok": True}}, 0),
        (in_parts(said({"text": "x" * 400}), 50), {"contains": "x" * 400}, 0),
        (write(b"HTTP/1.1 103 Early Hints\r\n\r\n" + said([1])), {"json": {"$[0]": 1}}, 0),
        (write_and_close(b'HTTP/1.1 200 OK\r\n\r\n{"ok": true}'), {"json": {"$.ok": True}}, 0),
        (write_and_close(b"HTTP/1.1 200 OK\r\n\r\n{}"), {"json": {"$.ok": True}}, WRONG),
        (write(said({"ok": False}, b"HTTP/1.0 200 OK\r\n")), {"json": {"$.ok": True}}, WRONG),
        # The guard's word is judged by [sli], not by what a good answer looks like.
        (
            write(b"HTTP/1.1 503 x\r\nholdfast-outcome: shed\r\ncontent-length: 0\r\n\r\n"),
            {"status": [200]},
            1,
        ),
        (write(said({}, b"HTTP/1.1 200 OK\r\nholdfast-outcome: degraded\r\n")), {"contains": "x"}, 4),
        (
            write(b"HTTP/1.1 429 x\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n"),
            {"status": [200]},
            WRONG | RETRY_AFTER,
        ),
    ],
)
def test_a_wrong_answer_is_an_outcome_of_its_own(
    answer: Answer, expect: dict[str, Any], outcome: int
) -> None:
    records, server = drive_against(answer, [0, 20, 40], expecting(**expect))
    assert records.outcome.tolist() == [outcome] * 3
    assert records.answered().all()
    assert len(server.heads) == 3


@pytest.mark.parametrize("status", [200, 404])
def test_the_answer_to_a_head_request_is_checked(status: int) -> None:
    answer = write(b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n")
    options = {"connections_max": 1}
    records, server = drive_against(answer, [0, 20], expecting("HEAD /x", status=[status]), **options)
    assert records.outcome.tolist() == [0 if status == 200 else WRONG] * 2
    assert server.connections == 1


def test_requests_that_ask_nothing_are_left_alone() -> None:
    specs = (expecting(contains="not there"), RequestSpec("GET /y"))
    records, _ = drive_against(write(OK), [0, 10, 20, 30], *specs, request=[0, 1, 1, 0])
    assert records.outcome.tolist() == [WRONG, 0, 0, WRONG]
    assert records.wrong == {"GET /x": "expected 'not there' in the body"}
    line = summary(records)
    assert (line["ok"], line["refused"], line["failed"]) == (2, 0, 2)


def test_what_got_no_answer_is_not_a_wrong_answer() -> None:
    records, _ = drive_against(write_and_close(OK[:-1]), [0], expecting(contains="ok"))
    assert records.status.tolist() == [Cause.RESET]
    assert records.outcome.tolist() == [0]


def test_an_answer_that_is_checked_keeps_its_connection() -> None:
    specs = (expecting(json={"$.ok": True}),)
    _, server = drive_against(write(said({"ok": True})), [0, 20, 40], *specs, connections_max=1)
    assert server.connections == 1


def test_a_user_who_leaves_closes_his_connection() -> None:
    closes = [True, False, True]
    records, server = drive_against(write(OK), [0, 20, 40], connections_max=1, closes=closes)
    assert records.status.tolist() == [200] * 3
    assert server.connections == 2


def test_answers_that_wait_are_looked_at_in_the_end_and_none_is_held_for_ever() -> None:
    status, outcome = array("h", [200]) * 100, array("B", [0]) * 100
    inspection = Inspection(status, outcome)
    for index in range(100):
        inspection.add(index, Check(contains="good"), said("x" * 2**20))
    assert 30 < sum(outcome) / WRONG < 100  # what did not fit was looked at
    inspection.work(0)  # a request is due: no time
    assert sum(outcome) / WRONG < 100
    inspection.finish()
    assert sum(outcome) == 100 * WRONG
