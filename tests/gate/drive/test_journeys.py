"""Steps that follow an answer."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import numpy as np
import pytest

from holdfast.budget.model.sending import Scenario
from holdfast.gate.drive import Cause, Outcome, Progress, Records
from holdfast.gate.drive.journeys import JourneyEngine
from holdfast.gate.drive.session import run
from holdfast.gate.shape import RequestSpec
from tests.gate.drive.servers import OK, drive_against, hang, on_uvloop, plan, serving, until, write

MS = 1_000_000


def scenario(*steps: dict[str, Any], **options: Any) -> Scenario:
    return Scenario.model_validate({"steps": list(steps), **options})


ORDER = scenario(
    {"send": "GET /products", "take": {"id": "$[0].id"}},
    {"send": "POST /orders", "json": {"product": "{id}"}, "take": {"at": "header:location"}},
    {"send": "GET {at}".replace("{at}", "/look{at}"), "expect": {"json": {"$.state": "paid"}}},
    think="30ms",
)


class Shop:
    """Answers by path; `orders`: the bodies that it got. `broken`: answers in place of its own."""

    def __init__(self, **broken: bytes) -> None:
        self.orders: list[Any] = []
        self.broken = {f"/{name}": answer for name, answer in broken.items()}

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        path = head.split()[1].decode()
        if path == "/orders":
            length = int(head.lower().partition(b"content-length: ")[2].split()[0])
            self.orders.append(json.loads(await reader.readexactly(length)))
        writer.write(self.broken.get(path) or self._answer(path))

    def _answer(self, path: str) -> bytes:
        body: Any = {"state": "paid"}
        extra = ""
        if path == "/products":
            body = [{"id": 17}]
        elif path == "/orders":
            body, extra = {}, "Location: 7\r\n"
        data = json.dumps(body)
        return f"HTTP/1.1 200 OK\r\n{extra}content-length: {len(data)}\r\n\r\n{data}".encode()


def test_each_step_is_due_when_the_one_before_is_answered_and_thought_about() -> None:
    shop = Shop()
    records, server = drive_against(shop, [0, 5, 200], scenarios=[ORDER])
    assert len(records.at) == 9
    assert np.all(np.diff(records.at) >= 0)
    assert records.status.tolist() == [200] * 9
    assert not records.outcome.any()
    assert sorted(records.request.tolist()) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert shop.orders == [{"product": 17}] * 3
    assert sum(head.startswith(b"GET /look7 HTTP/1.1\r\n") for head in server.heads) == 3
    for step in (1, 2):
        before = np.sort(records.done[records.request == step - 1])
        assert np.sort(records.at[records.request == step]).tolist() == (before + 30 * MS).tolist()
    assert np.all(records.sent >= records.at)
    assert np.all(records.done >= records.sent)


@pytest.mark.parametrize(
    ("broken", "rows", "outcome"),
    [
        ({"products": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]"}, 1, Outcome.WRONG_ANSWER),
        ({"products": b"HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n"}, 1, Outcome.WRONG_ANSWER),
        (
            {"products": b"HTTP/1.1 503 x\r\nholdfast-outcome: shed\r\ncontent-length: 0\r\n\r\n"},
            1,
            Outcome.SHED,
        ),
        ({"products": b"nonsense\r\n\r\n"}, 1, 0),
        ({"orders": b"HTTP/1.1 201 x\r\ncontent-length: 0\r\n\r\n"}, 2, Outcome.WRONG_ANSWER),
        ({"look7": OK}, 3, Outcome.WRONG_ANSWER),
    ],
)
def test_a_step_that_failed_is_the_last(broken: dict[str, bytes], rows: int, outcome: int) -> None:
    records, _ = drive_against(Shop(**broken), [0], scenarios=[ORDER])
    assert len(records.at) == rows
    assert records.outcome.tolist() == [0] * (rows - 1) + [outcome]


@pytest.mark.parametrize(("expect", "rows"), [({}, 1), ({"expect": {"status": [404]}}, 2)])
def test_an_error_ends_it_unless_it_is_expected(expect: dict[str, Any], rows: int) -> None:
    steps = scenario({"send": "GET /a", **expect}, {"send": "GET /b"})
    missing = write(b"HTTP/1.1 404 x\r\ncontent-length: 0\r\n\r\n")
    records, _ = drive_against(missing, [0], scenarios=[steps])
    assert records.status.tolist() == [404] * rows


def test_steps_wait_for_a_connection_as_arrivals_do() -> None:
    steps = scenario({"send": "GET /a"}, {"send": "GET /b"}, {"send": "GET /c"})
    at = [0.0] * 20
    specs = (RequestSpec("GET /x"),)
    request = [0, 1] * 10
    records, server = drive_against(
        write(OK), at, *specs, scenarios=[steps], request=request, connections_max=2
    )
    assert records.status.tolist() == [200] * 40
    assert server.connections <= 2


def test_a_step_that_finds_no_connection_is_not_sent_where_nobody_waits() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        if b" /stuck " in head:
            await hang(reader)
        writer.write(OK)

    async def main() -> Records:
        steps = scenario({"send": "GET /a"}, {"send": "GET /b", "think": "500ms"})
        at = [0.0, *range(20, 400, 20)]
        async with serving(answer) as server:
            engine = JourneyEngine(
                plan(
                    server.port,
                    at,
                    RequestSpec("GET /stuck"),
                    scenarios=[steps],
                    request=[1] + [0] * (len(at) - 1),
                    connections_max=1,
                    waits=False,
                )
            )
            task = asyncio.create_task(engine.run())
            first = len(at) + 1
            await until(lambda: engine.stretches()[1] == (first, first + 1, first + 1))
            engine.stop()
            return await task

    records = on_uvloop(main())
    assert records.status[records.request == 2].tolist() == [Cause.NOT_SENT]
    assert records.sent[records.request == 2].tolist() == [-1]


def test_a_step_without_an_answer_is_given_up() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        if b" /b " in head:
            await hang(reader)
        writer.write(OK)

    steps = scenario({"send": "GET /a"}, {"send": "GET /b"})
    records, _ = drive_against(answer, [0], scenarios=[steps], timeout_s=0.2)
    assert records.status.tolist() == [200, Cause.TIMEOUT]


def test_steps_that_wait_too_long_for_a_connection_are_not_sent() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
        await asyncio.sleep(0.05)
        writer.write(OK)

    steps = scenario({"send": "GET /a"}, {"send": "GET /b"})
    at = [5.0 * number for number in range(100)]
    records, _ = drive_against(answer, at, scenarios=[steps], connections_max=1, timeout_s=0.3)
    of_steps = records.status[records.request == 1]
    assert Cause.NOT_SENT in of_steps
    assert set(records.status.tolist()) <= {200, Cause.TIMEOUT, Cause.NOT_SENT, Cause.CONNECT_TIMEOUT}
    assert np.all((records.sent < 0) == (records.status == Cause.NOT_SENT))


def test_progress_counts_steps_too() -> None:
    async def main() -> None:
        async with serving(Shop()) as server:
            engine = JourneyEngine(plan(server.port, [0, 1, 2], scenarios=[ORDER]))
            progress = Progress(engine)
            records = await engine.run()
            snapshot = progress.snapshot()
            assert (snapshot.sent, snapshot.done, snapshot.ok) == (9, 9, 9)
            assert progress.snapshot().done == 9
            assert len(records.at) == 9

    on_uvloop(main())


def test_nothing_is_left_however_a_run_is_stopped() -> None:
    """Stopped or cancelled at any moment: every row is accounted for, no connection stays."""
    rng = random.Random(7)

    async def main() -> None:
        async with serving(Shop()) as server:
            for attempt in range(12):
                engine = JourneyEngine(
                    plan(server.port, [float(ms) for ms in range(40)], scenarios=[ORDER], connections_max=3)
                )
                task: asyncio.Task[Records] = asyncio.create_task(engine.run())
                wanted = rng.randrange(60)
                await until(
                    lambda engine=engine, wanted=wanted: sum(each >= 0 for each in engine.sent) >= wanted
                )
                if attempt % 2:
                    engine.stop()
                    records = await task
                    assert np.all(records.status != 0)
                    assert np.all(records.at >= 0)
                    assert records.interrupted
                else:
                    task.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await task
                await until(lambda: not server.open)

    on_uvloop(main())


def test_the_session_takes_steps_by_itself() -> None:
    async def main() -> Records:
        async with serving(Shop()) as server:
            return await run(plan(server.port, [0], scenarios=[ORDER]))

    assert len(on_uvloop(main()).at) == 3
