from __future__ import annotations

import asyncio
import random
import socket

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.errors import UsageError
from holdfast.gate.drive import RETRY_AFTER, Cause, Engine, Outcome, Records
from holdfast.gate.drive.session import run
from holdfast.gate.shape import RequestSpec
from tests.gate.drive.servers import (
    OK,
    Answer,
    drive_against,
    hang,
    on_uvloop,
    plan,
    serving,
    until,
    write,
    write_and_close,
)


def pieces(*parts: bytes) -> Answer:
    """Return an answer whose parts arrive in reads of their own."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.003)

    return answer


ONE_AFTER_THE_OTHER = [0, 30, 60]


def allowed(connections: int) -> dict[str, int]:
    """Return options: the only connection is waited for, as on a busy machine it may not be free in time."""
    return {"connections_max": 1} if connections == 1 else {}


@pytest.mark.parametrize(
    ("answer", "status", "connections"),
    [
        (write(OK), 200, 1),
        (pieces(OK[:10], OK[10:20], OK[20:-1], OK[-1:]), 200, 1),
        (write(b"HTTP/1.1 204 No Content\r\n\r\n"), 204, 1),
        (write(b"HTTP/1.1 304 Not Modified\r\nEtag: x\r\n\r\n"), 304, 1),
        (write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), 404, 1),
        (write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), 200, 1),
        (
            pieces(
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\no", b"k\r\n0\r\nX: y\r\n", b"\r\n"
            ),
            200,
            1,
        ),
        (write(b"HTTP/1.1 100 Continue\r\n\r\n" + OK), 200, 1),
        (pieces(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", OK), 200, 1),
        (pieces(b"HTTP/1.1 102 Processing\r\n\r\n" + OK[:9], OK[9:]), 200, 1),
        (write(b"HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 2\r\n\r\nok"), 200, 3),
        (write(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"), 200, 3),
        (write_and_close(OK), 200, 3),
        (write_and_close(b"HTTP/1.1 200 OK\r\n\r\nuntil the end"), 200, 3),
        (write_and_close(b"HTTP/1.0 500 Oops\r\nServer: x\r\n\r\n"), 500, 3),
        (write_and_close(OK[:-1]), Cause.RESET, 3),
        (write_and_close(OK[:12]), Cause.RESET, 3),
        (write_and_close(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok"), Cause.RESET, 3),
        (write_and_close(b""), Cause.RESET, 3),
        (write(b"SSH-2.0-OpenSSH\r\n\r\n"), Cause.MALFORMED, 3),
        (write(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"), Cause.MALFORMED, 3),
        (write(OK + b"and more"), Cause.MALFORMED, 3),
        (
            write(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
            Cause.MALFORMED,
            3,
        ),
        (write(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000), Cause.MALFORMED, 3),
    ],
)
def test_framing(answer: Answer, status: int, connections: int) -> None:
    records, server = drive_against(answer, ONE_AFTER_THE_OTHER, **allowed(connections))
    assert records.status.tolist() == [status] * 3
    assert server.connections == connections
    assert len(server.heads) == 3
    assert np.all(records.sent >= records.at)
    assert np.all(records.done >= records.sent)


@pytest.mark.parametrize(
    ("head", "connections"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1234\r\n\r\n", 1),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", 1),
        (b"HTTP/1.1 200 OK\r\n\r\n", 1),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 1),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", 3),
    ],
)
def test_head_requests_have_no_body_to_wait_for(head: bytes, connections: int) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        writer.write(head if request.startswith(b"HEAD") else OK)

    specs = (RequestSpec("HEAD /x"), RequestSpec("GET /x"))
    options = allowed(connections)
    records, server = drive_against(answer, [0, 30, 60, 90], *specs, request=[0, 0, 1, 0], **options)
    assert records.status.tolist() == [200] * 4
    assert server.connections == connections


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"HTTP/1.1 503 x\r\nholdfast-outcome: shed\r\nretry-after: 1\r\n", Outcome.SHED | RETRY_AFTER),
        (b"HTTP/1.1 504 x\r\nHoldfast-Outcome: deadline\r\n", Outcome.DEADLINE),
        (b"HTTP/1.1 503 x\r\nRetry-After: 3\r\n", RETRY_AFTER),
        (b"HTTP/1.1 503 x\r\n", Outcome.NONE),
        (b"HTTP/1.1 200 OK\r\nholdfast-outcome: degraded\r\n", Outcome.DEGRADED),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 3000 + b"\r\nholdfast-outcome: degraded\r\n", Outcome.DEGRADED),
        (b"HTTP/1.1 200 OK\r\nx: y\r\n", Outcome.NONE),
    ],
)
@pytest.mark.parametrize("cut", [None, 30, -5])
def test_outcomes_are_read_from_the_head_only(head: bytes, expected: int, cut: int | None) -> None:
    body = b"\r\nholdfast-outcome: shed\r\n" + b"z" * 3000
    data = head + b"content-length: %d\r\n\r\n" % len(body) + body
    answer = write(data) if cut is None else pieces(data[:cut], data[cut:])
    records, server = drive_against(answer, [0, 40], **allowed(1))
    assert records.outcome.tolist() == [expected] * 2
    assert server.connections == 1


def test_the_outcome_of_an_answer_that_ends_with_its_connection() -> None:
    records, _ = drive_against(write_and_close(b"HTTP/1.1 503 x\r\nholdfast-outcome: shed\r\n\r\nno"), [0])
    assert records.status.tolist() == [503]
    assert records.outcome.tolist() == [Outcome.SHED]


def test_latency_of_arrivals_during_a_stall_counts_from_their_due_time() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        if not answered:
            await asyncio.sleep(0.21)  # a little more than is asserted: uvloop's timers are in whole ms
        answered.append(True)
        writer.write(OK)

    answered: list[bool] = []
    records, server = drive_against(answer, list(range(0, 100, 10)), connections_max=1)
    assert records.status.tolist() == [200] * 10
    assert server.connections == 1
    assert np.all(records.done >= 200_000_000)
    assert np.all(records.latency() >= 0.2 - records.at / 1e9)
    assert np.all(np.diff(records.sent) >= 0)


def test_arrivals_open_connections_up_to_the_maximum_and_reuse_the_latest() -> None:
    open_at_once = 0

    async def main() -> Records:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
            nonlocal open_at_once
            open_at_once = max(open_at_once, server.open)
            await asyncio.sleep(0.03)
            writer.write(OK)

        async with serving(answer) as server:
            records = await run(plan(server.port, [0.0] * 12, connections_max=4))
            assert server.connections == 4
            return records

    records = on_uvloop(main())
    assert records.status.tolist() == [200] * 12
    assert open_at_once == 4
    assert np.all(np.diff(records.sent) >= 0), "first come, first served"
    assert np.max(records.latency()) >= 0.09


def test_a_request_is_given_up_at_its_timeout_and_its_connection_closed() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        if len(seen) == 1:
            seen.append(2)
            await hang(reader)
        seen.append(1)
        writer.write(OK)

    seen: list[int] = []
    records, server = drive_against(answer, [0, 40, 250], timeout_s=0.1)
    assert records.status.tolist() == [200, Cause.TIMEOUT, 200]
    assert records.latency()[1] >= 0.1
    assert server.connections == 2


def test_an_arrival_that_waits_for_a_connection_until_its_timeout_is_not_sent() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        await hang(reader)

    records, server = drive_against(answer, [0, 0, 0, 150], timeout_s=0.1, connections_max=1)
    assert records.status.tolist() == [Cause.TIMEOUT, Cause.NOT_SENT, Cause.NOT_SENT, Cause.TIMEOUT]
    assert records.sent.tolist()[1:3] == [-1, -1]
    assert records.done.tolist()[1:3] == [-1, -1]
    assert server.connections == 2


def test_an_arrival_without_a_connection_is_not_sent_where_nobody_waits() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        await asyncio.sleep(0.05)
        writer.write(OK)

    records, server = drive_against(answer, [0, 0, 0, 0, 300], connections_max=2, waits=False)
    assert records.status.tolist() == [200, 200, Cause.NOT_SENT, Cause.NOT_SENT, 200]
    assert (records.sent[2:4].tolist(), records.done[2:4].tolist()) == ([-1, -1], [-1, -1])
    assert server.connections == 2


def test_connections_opened_first_are_there_before_the_first_arrival() -> None:
    async def main() -> tuple[Records, int, int]:
        async with serving(write(OK)) as server:
            there: list[int] = []
            made = plan(server.port, [0.0, 1.0], connections_max=150, connections_first=150)
            # The server's side learns of a connection a little later than the driver's.
            records = await run(made, started=lambda _: there.append(server.connections))
            await until(lambda: not server.open)
            return records, there[0], server.connections

    records, before, after = on_uvloop(main())
    assert records.status.tolist() == [200, 200]
    assert before > 64
    assert after == 150


def test_connections_that_cannot_be_opened_first_are_said() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        made = plan(reserved.getsockname()[1], [0.0], connections_max=3, connections_first=3)
        with pytest.raises(UsageError, match="no connection beyond 0 of 3"):
            on_uvloop(run(made))


def test_stopped_while_it_opens_the_first_connections_it_leaves_none() -> None:
    async def main() -> None:
        async with serving(write(OK)) as server:
            engine = Engine(plan(server.port, [0.0], connections_max=2000, connections_first=2000))
            running = asyncio.create_task(engine.run())
            await until(lambda: server.connections > 100)
            running.cancel()
            await asyncio.wait([running])
            assert running.cancelled()
            await until(lambda: not server.open)

    on_uvloop(main())


def test_nobody_listening_is_refused() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        records = on_uvloop(run(plan(reserved.getsockname()[1], [0, 1, 2, 3], connections_max=1)))
    assert records.status.tolist() == [Cause.REFUSED] * 4
    assert np.all(records.sent == -1)
    assert np.all(records.done >= records.at)


def test_a_connection_that_does_not_come_up_is_a_connect_timeout() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:  # the backlog is full: the kernel leaves further connections unanswered
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        try:
            records = on_uvloop(run(plan(full.getsockname()[1], [0, 0], timeout_s=0.2)))
        finally:
            for filler in fillers:
                filler.close()
    assert records.status.tolist() == [Cause.CONNECT_TIMEOUT] * 2
    assert np.all(records.latency() >= 0.2)


def test_an_idle_connection_that_the_server_closes_costs_no_request() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write(OK)
        asyncio.get_running_loop().call_later(0.02, writer.transport.abort)

    records, server = drive_against(answer, [0, 150, 300])
    assert records.status.tolist() == [200] * 3
    assert server.connections == 3


def test_idle_connections_are_closed_before_the_server_does() -> None:
    records, server = drive_against(write(OK), [0, 0, 0, 200], idle_s=0.05)
    assert records.status.tolist() == [200] * 4
    assert server.connections == 4


def test_a_reset_in_flight_is_not_repeated() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        seen.append(1)
        if len(seen) == 2:
            writer.transport.abort()
        else:
            writer.write(OK)

    seen: list[int] = []
    records, _ = drive_against(answer, ONE_AFTER_THE_OTHER)
    assert records.status.tolist() == [200, Cause.RESET, 200]
    assert len(seen) == 3


def test_an_answer_nobody_asked_for_is_not_taken_for_the_next() -> None:
    records, server = drive_against(
        pieces(OK, b"HTTP/1.1 500 Late\r\ncontent-length: 0\r\n\r\n"), [0, 150, 300]
    )
    assert records.status.tolist() == [200] * 3
    assert server.connections == 3


@pytest.mark.parametrize("stays", [True, False])
def test_an_early_answer_to_a_large_upload_counts_and_ends_the_connection(stays: bool) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
        await writer.drain()
        if stays:
            await asyncio.sleep(0.05)
        else:
            writer.close()  # with the upload unread: the kernel resets the connection behind the answer

    large = RequestSpec("POST /upload", body={"blob": "x" * 8_000_000})
    records, server = drive_against(answer, [0, 100], large)
    assert records.status.tolist() == [413, 413]
    assert server.connections == 2


def test_a_large_upload_arrives_whole() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        received.append(len(await reader.readexactly(length)) - length)
        writer.write(OK)

    received: list[int] = []
    records, server = drive_against(
        answer, [0, 100], RequestSpec("POST /upload", body={"blob": "x" * 3_000_000}), **allowed(1)
    )
    assert records.status.tolist() == [200, 200]
    assert received == [0, 0]
    assert server.connections == 1


def test_an_empty_schedule_ends() -> None:
    records, server = drive_against(write(OK), [])
    assert len(records.at) == 0
    assert server.connections == 0


def test_an_unknown_host_is_named() -> None:
    import dataclasses

    with pytest.raises(UsageError, match=r"no-such-host\.invalid: no address"):
        on_uvloop(run(dataclasses.replace(plan(80, [0]), host="no-such-host.invalid")))


def test_stopping_gives_up_what_is_in_flight_and_sends_no_more() -> None:
    async def main() -> Records:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
            if len(server.heads) == 1:
                writer.write(OK)
            else:
                await hang(reader)

        async with serving(answer) as server:
            engine = Engine(plan(server.port, [0, 30, 30, 60_000]))
            running = asyncio.create_task(engine.run())
            await until(lambda: len(server.heads) == 3)
            engine.stop()
            engine.stop()
            return await running

    records = on_uvloop(main())
    assert records.interrupted
    assert records.status.tolist() == [200, Cause.TIMEOUT, Cause.TIMEOUT, Cause.NOT_SENT]


@settings(max_examples=25)
@given(st.floats(0, 0.08), st.integers(1, 5), st.sampled_from(["ok", "hang", "refuse", "close"]))
def test_cancelled_at_any_moment_it_leaves_nothing_behind(after: float, most: int, kind: str) -> None:
    async def main() -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
            if kind == "hang":
                await hang(reader)
            writer.write(OK)
            if kind == "close":
                writer.close()

        async with serving(answer) as server:
            port = server.port
            if kind == "refuse":
                with socket.socket() as free:
                    free.bind(("127.0.0.1", 0))
                    port = free.getsockname()[1]
            at = sorted(random.Random(1).uniform(0, 60) for _ in range(60))
            running = asyncio.create_task(run(plan(port, at, connections_max=most)))
            others = asyncio.all_tasks() - {running}
            await asyncio.sleep(after)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await until(lambda: not server.open and not asyncio.all_tasks() - others)

    on_uvloop(main())


@settings(max_examples=20)
@given(
    st.lists(
        st.sampled_from(["ok", "slow", "close", "reset", "hang", "junk", "shed"]), min_size=1, max_size=40
    ),
    st.integers(1, 6),
)
def test_whatever_happens_every_row_has_one_end_and_a_time_that_fits(kinds: list[str], most: int) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        kind = next(script, "ok")
        if kind == "slow":
            await asyncio.sleep(0.01)
        if kind == "hang":
            await hang(reader)
        if kind == "reset":
            writer.transport.abort()
            return
        writer.write(
            {"junk": b"junk\r\n\r\n", "shed": b"HTTP/1.1 503 x\r\nholdfast-outcome: shed\r\n"}.get(kind, OK)
        )
        if kind == "shed":
            writer.write(b"content-length: 0\r\n\r\n")
        if kind == "close":
            writer.close()

    script = iter(kinds)
    records, _ = drive_against(
        answer, [float(i) for i in range(len(kinds))], timeout_s=0.15, connections_max=most
    )
    assert np.all(records.status != 0)
    was_sent = records.status != Cause.NOT_SENT
    assert np.array_equal(records.sent >= 0, was_sent)
    assert np.array_equal(records.done >= 0, was_sent)
    assert np.all(records.sent[was_sent] >= records.at[was_sent])
    assert np.all(records.done[was_sent] >= records.sent[was_sent])
    assert np.array_equal((records.outcome & 7) == Outcome.SHED, records.status == 503)
    answered = records.status > 0
    assert np.count_nonzero(answered) == np.count_nonzero(records.answered())
