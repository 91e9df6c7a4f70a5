from __future__ import annotations

import asyncio
import itertools

from holdfast.gate.drive import Engine, Progress, Snapshot
from holdfast.gate.drive.session import run
from tests.gate.drive.servers import OK, on_uvloop, plan, serving


def test_snapshots_add_up_to_what_was_recorded() -> None:
    seen: list[Snapshot] = []

    async def main() -> None:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
            number = len(server.heads)
            if number % 10 == 3:
                writer.write(b"HTTP/1.1 503 x\r\nholdfast-outcome: shed\r\ncontent-length: 0\r\n\r\n")
            elif number % 10 == 6:
                writer.write(b"HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n")
            elif number % 10 == 9:
                writer.close()
            else:
                writer.write(OK)

        async with serving(answer) as server:
            engine = Engine(plan(server.port, [float(i) for i in range(100)]))
            progress = Progress(engine)
            running = asyncio.create_task(engine.run())
            while not running.done():
                if engine.start_ns:
                    seen.append(progress.snapshot())
                await asyncio.sleep(0.007)
            seen.append(progress.snapshot())

    on_uvloop(main())
    last = seen[-1]
    assert (last.sent, last.done, last.ok, last.refused, last.failed) == (100, 100, 70, 10, 20)
    for before, after in itertools.pairwise(seen):
        assert after.done == after.ok + after.refused + after.failed
        assert after.done >= before.done
        assert after.sent >= before.sent
        assert after.t > before.t
    assert any(snapshot.p50 is not None and snapshot.p99 is not None for snapshot in seen)
    assert all(snapshot.p50 <= snapshot.p99 for snapshot in seen if snapshot.p50 and snapshot.p99)


def test_a_listener_that_is_gone_stops_the_run() -> None:
    def gone(_: object) -> None:
        raise BrokenPipeError

    async def main() -> None:
        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: bytes) -> None:
            writer.write(OK)

        async with serving(answer) as server:
            assert (await run(plan(server.port, [60_000]), started=gone)).interrupted
            assert (await run(plan(server.port, [60_000]), watch=gone)).interrupted

    on_uvloop(main())
