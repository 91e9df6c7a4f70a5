from __future__ import annotations

import asyncio
import random
import socket

import httpx2
import pytest

from holdfast.errors import NotMeasured, UsageError
from holdfast.gate.fault.framer import framer_of
from holdfast.gate.fault.kinds import Blackhole, Brownout, Refuse, Reset, Slow
from holdfast.gate.fault.proxy import Proxy
from holdfast.gate.launch.port import bind, candidates
from tests.gate.fault.conftest import Run
from tests.gate.fault.servers import backend, open_files, raw, until

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
HTTP = framer_of("http")


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    return await reader.readexactly(5)


async def ended(reader: asyncio.StreamReader, *, reset: bool) -> None:
    """The connection ends, by reset or by FIN, and not with bytes."""
    async with asyncio.timeout(5):
        if reset:
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
        else:
            assert await reader.read(1) == b""


def test_passes_and_counts(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            host, at = proxy.address
            assert at in candidates()
            async with httpx2.AsyncClient(base_url=f"http://{host}:{at}") as client:
                for _ in range(3):
                    assert (await client.get("/")).text == "hello"
                before = proxy.counts
                assert (before.connections, before.calls, state.requests) == (1, 3, 3)
                response = await client.post("/x", content=b"b" * 300_000)
                assert response.text == "hello"
            counts = proxy.counts - before
            assert (counts.connections, counts.calls) == (0, 1)
            assert counts.bytes_up > 300_000
            assert counts.bytes_down > 5
            assert counts.unreached == counts.unframed == 0
            assert sum(proxy.calls_by_second().values()) == 4

    run(main())


def test_counts_no_calls_of_an_unknown_protocol(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("db", "127.0.0.1", port, framer_of("redis")) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            assert await answer(reader) == b"hello"
            assert proxy.counts.calls is None
            assert (proxy.counts - proxy.counts).calls is None
            assert proxy.counts.bytes_up == len(GET)
            assert state.requests == 1
            writer.close()

    run(main())


def test_200_connections_at_once(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:

            async def talk() -> None:
                reader, writer = await asyncio.open_connection(*proxy.address)
                for _ in range(5):
                    writer.write(GET)
                    assert await answer(reader) == b"hello"
                    await barrier.wait()
                writer.close()

            barrier = asyncio.Barrier(200)
            async with asyncio.TaskGroup() as group:
                for _ in range(200):
                    group.create_task(talk())
            assert state.requests == 1000
            assert (proxy.counts.connections, proxy.counts.calls) == (200, 1000)
            assert state.connections == 200

    run(main())


def test_large_bodies_arrive_whole_and_memory_is_bounded(run: Run) -> None:
    """A peer that does not read stops the other from being read: some megabytes in buffers, not all of it."""

    async def main() -> None:
        size = 64 << 20
        sent = 0

        async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await reader.readexactly(1)
            block = b"x" * 65536
            while sent < size:
                writer.write(block)
                await writer.drain()
                sent += len(block)
            writer.write_eof()
            await reader.read()

        async with raw(flood) as port, Proxy("db", "127.0.0.1", port) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address, limit=65536)
            writer.write(b"g")
            before = -1
            while sent != before:  # until nobody takes more
                before = sent
                await asyncio.sleep(0.2)
            assert 0 < sent < size // 2
            got = 0
            while chunk := await reader.read(1 << 20):
                got += len(chunk)
            assert got == size
            writer.close()

    run(main())


def test_upload_waits_for_a_slow_reader(run: Run) -> None:
    async def main() -> None:
        size = 64 << 20
        go = asyncio.Event()
        got = 0

        async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal got
            await go.wait()
            while chunk := await reader.read(1 << 20):
                got += len(chunk)
            writer.write(b"done")
            writer.write_eof()
            await writer.drain()

        async with raw(swallow) as port, Proxy("db", "127.0.0.1", port) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)

            async def upload() -> None:
                for _ in range(size >> 16):
                    writer.write(b"x" * 65536)
                    await writer.drain()
                writer.write_eof()

            task = asyncio.create_task(upload())
            await asyncio.sleep(0.3)
            assert not task.done()
            assert 0 < proxy.counts.bytes_up < size // 2
            go.set()
            await task
            # The half-closed connection still carries the answer, then ends.
            assert await reader.read() == b"done"
            assert got == size
            writer.close()

    run(main())


def test_a_server_that_closes_is_seen_to_close(run: Run) -> None:
    async def main() -> None:
        async def goodbye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"bye")
            await writer.drain()
            writer.close()

        async with raw(goodbye) as port, Proxy("db", "127.0.0.1", port) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            assert await reader.read() == b"bye"
            writer.close()
            await until(lambda: proxy.open_connections == 0)

    run(main())


def test_a_server_that_resets_is_seen_to_reset(run: Run) -> None:
    async def main() -> None:
        async def vanish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(1)
            linger = b"\x01\0\0\0\0\0\0\0"
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

        async with raw(vanish) as port, Proxy("db", "127.0.0.1", port) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(b"x")
            await ended(reader, reset=True)
            writer.close()

    run(main())


def test_dependency_that_is_down_resets_and_is_counted(run: Run) -> None:
    async def main() -> None:
        with bind("127.0.0.1", 0) as unused:
            async with Proxy("db", "127.0.0.1", unused.getsockname()[1]) as proxy:
                reader, writer = await asyncio.open_connection(*proxy.address)
                await ended(reader, reset=True)
                assert proxy.counts.unreached == 1
                writer.close()

    run(main())


def test_unknown_host_is_a_usage_error(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(UsageError, match=r"^payments: nowhere\.invalid has no address"):
            await Proxy("payments", "nowhere.invalid", 80).start()

    run(main())


def test_slow_delays_every_call_also_on_open_connections(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            assert await answer(reader) == b"hello"
            proxy.apply(Slow(0.2, 0.05))
            for _ in range(2):
                began = loop.time()
                writer.write(GET)
                assert await answer(reader) == b"hello"
                assert loop.time() - began >= 0.149
            async with httpx2.AsyncClient() as client:
                began = loop.time()
                with pytest.raises(httpx2.ReadTimeout):
                    await client.get("http://{}:{}/".format(*proxy.address), timeout=0.05)
            assert proxy.counts.calls == 4
            writer.close()

    run(main())


def test_slow_is_late_once_not_once_a_chunk(run: Run) -> None:
    """Twenty chunks 10 ms apart, each 0.5 s late: in order and complete long before 20 x 0.5 s."""

    async def main() -> None:
        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for number in range(20):
                writer.write(b"%02d" % number)
                await asyncio.sleep(0.01)
            writer.close()

        async with raw(drip) as port, Proxy("db", "127.0.0.1", port) as proxy:
            proxy.apply(Slow(0.5, 0.4))
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection(*proxy.address)
                assert await reader.read() == b"".join(b"%02d" % number for number in range(20))
            writer.close()

    run(main())


def test_healing_releases_what_was_late(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            proxy.apply(Slow(3600))
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            await until(lambda: proxy.counts.bytes_down > 0)
            proxy.apply(None)
            assert await answer(reader) == b"hello"
            writer.close()

    run(main())


def test_slow_line_is_bounded(run: Run) -> None:
    async def main() -> None:
        async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for _ in range(1024):
                writer.write(b"x" * 65536)
                await writer.drain()
            writer.write_eof()
            await reader.read()

        async with raw(flood) as port, Proxy("db", "127.0.0.1", port) as proxy:
            proxy.apply(Slow(3600))
            reader, writer = await asyncio.open_connection(*proxy.address)
            await asyncio.sleep(0.5)
            assert 0 < proxy.counts.bytes_down < 8 << 20
            proxy.apply(None)
            assert len(await reader.read()) == 1024 * 65536
            writer.close()

    run(main())


def test_refuse_closes_the_door_and_healing_opens_the_same(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            address = proxy.address
            for _ in range(3):
                reader, writer = await asyncio.open_connection(*address)
                writer.write(GET)
                assert await answer(reader) == b"hello"
                proxy.apply(Refuse())
                await ended(reader, reset=False)
                writer.close()
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection(*address)
                async with httpx2.AsyncClient() as client:
                    with pytest.raises(httpx2.ConnectError):
                        await client.get("http://{}:{}/".format(*address))
                assert proxy.open_connections == 0
                proxy.apply(None)
                assert proxy.address == address
                async with httpx2.AsyncClient() as client:
                    assert (await client.get("http://{}:{}/".format(*address))).text == "hello"

    run(main())


def test_refuse_goes_on_when_the_port_was_taken(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            proxy.apply(Refuse())
            with bind(*proxy.address) as thief:
                thief.listen()
                with pytest.raises(NotMeasured, match="was taken while it was closed"):
                    proxy.apply(None)
                assert proxy.fault == Refuse()
            proxy.apply(None)
            assert proxy.fault is None
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            assert await answer(reader) == b"hello"
            writer.close()

    run(main())


def test_reset_open_and_new(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            assert await answer(reader) == b"hello"
            proxy.apply(Reset())
            await ended(reader, reset=True)
            writer.close()
            before = proxy.counts
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            await ended(reader, reset=True)
            writer.close()
            # The call that was reset was seen, and did not reach the dependency.
            assert (proxy.counts - before).calls == 1
            assert state.requests == 1
            silent, writer = await asyncio.open_connection(*proxy.address)
            await ended(silent, reset=True)
            writer.close()
            async with httpx2.AsyncClient() as client:
                with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.WriteError)):
                    await client.get("http://{}:{}/".format(*proxy.address))
                proxy.apply(None)
                assert (await client.get("http://{}:{}/".format(*proxy.address))).text == "hello"

    run(main())


def test_blackhole_swallows_counts_and_heals(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            idle, idle_writer = await asyncio.open_connection(*proxy.address)
            busy, busy_writer = await asyncio.open_connection(*proxy.address)
            for reader, writer in ((idle, idle_writer), (busy, busy_writer)):
                writer.write(GET)
                assert await answer(reader) == b"hello"
            proxy.apply(Blackhole())
            new, new_writer = await asyncio.open_connection(*proxy.address)
            for reader, writer in ((busy, busy_writer), (new, new_writer)):
                writer.write(GET)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await reader.read(1)
            async with httpx2.AsyncClient() as client:
                with pytest.raises(httpx2.ReadTimeout):
                    await client.get("http://{}:{}/".format(*proxy.address), timeout=0.1)
            assert proxy.counts.calls == 5
            assert state.requests == 2
            # The caller that gave up is gone here too: callers that time out do not pile up.
            await until(lambda: proxy.open_connections == 3)
            proxy.apply(None)
            await ended(busy, reset=True)
            await ended(new, reset=True)
            idle_writer.write(GET)
            assert await answer(idle) == b"hello"
            assert proxy.open_connections == 1
            for writer in (idle_writer, busy_writer, new_writer):
                writer.close()

    run(main())


def test_blackhole_loses_what_was_late(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            proxy.apply(Slow(3600))
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            await until(lambda: proxy.counts.bytes_down > 0)
            proxy.apply(Blackhole())
            proxy.apply(None)
            await ended(reader, reset=True)
            writer.close()

    run(main())


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_brownout_strikes_its_share_of_calls(run: Run, share: float) -> None:
    async def main() -> None:
        failed = 0
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP, seed=7) as proxy:
            proxy.apply(Brownout(share))
            async with httpx2.AsyncClient(base_url="http://{}:{}".format(*proxy.address)) as client:
                for _ in range(200):
                    try:
                        await client.get("/")
                    except httpx2.TransportError:
                        failed += 1
            assert proxy.counts.calls == 200
            assert state.requests == 200 - failed
            assert 200 * share * 0.6 <= failed <= 200 * share * 1.4

    run(main())


def test_brownout_strikes_connections_where_calls_are_unknown(run: Run) -> None:
    async def main() -> None:
        outcomes = []
        async with backend() as (_, port), Proxy("db", "127.0.0.1", port, seed=7) as proxy:
            proxy.apply(Brownout(0.3))
            for _ in range(100):
                reader, writer = await asyncio.open_connection(*proxy.address)
                outcome = ""
                for _ in range(5):
                    writer.write(GET)
                    try:
                        await answer(reader)
                    except (ConnectionError, asyncio.IncompleteReadError):
                        outcome += "x"
                        break
                    outcome += "."
                outcomes.append(outcome)
                writer.close()
        # At its first bytes or never.
        assert set(outcomes) == {"x", "....."}
        assert 15 <= outcomes.count("x") <= 45

    run(main())


def test_faults_follow_each_other_under_traffic(run: Run) -> None:
    """Whatever the order, after healing every client is served, and nothing is left open."""

    async def main() -> None:
        rng = random.Random(11)
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            stopping = asyncio.Event()

            async def talk() -> None:
                while not stopping.is_set():
                    try:
                        reader, writer = await asyncio.open_connection(*proxy.address)
                    except ConnectionError:
                        await asyncio.sleep(0.005)
                        continue
                    try:
                        async with asyncio.timeout(rng.uniform(0.01, 0.1)):
                            for _ in range(rng.randrange(1, 20)):
                                writer.write(GET)
                                assert await answer(reader) == b"hello"
                    except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
                        pass
                    finally:
                        writer.close()

            async with asyncio.TaskGroup() as group:
                for _ in range(20):
                    group.create_task(talk())
                for _ in range(60):
                    kinds = [None, Slow(0.05, 0.05), Refuse(), Reset(), Blackhole(), Brownout(0.5)]
                    proxy.apply(rng.choice(kinds))
                    await asyncio.sleep(rng.uniform(0, 0.03))
                stopping.set()
            proxy.apply(None)
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            assert await answer(reader) == b"hello"
            writer.close()
            await until(lambda: proxy.open_connections == 0)

    run(main())


def test_closing_at_any_moment_leaks_nothing(run: Run) -> None:
    async def main() -> None:
        rng = random.Random(3)
        async with backend() as (_, port):
            for _ in range(60):
                before = open_files(collect=False)
                proxy = Proxy("payments", "127.0.0.1", port, HTTP)
                await proxy.start()
                proxy.apply(rng.choice([None, Slow(0.01), Reset(), Blackhole()]))
                clients = []
                for _ in range(5):
                    sock = socket.create_connection(proxy.address)
                    sock.sendall(GET)
                    clients.append(sock)
                for _ in range(rng.randrange(6)):
                    await asyncio.sleep(0)
                closing = asyncio.create_task(proxy.close())
                for _ in range(rng.randrange(3)):
                    await asyncio.sleep(0)
                closing.cancel()
                await asyncio.gather(closing, return_exceptions=True)
                await proxy.close()
                assert proxy.open_connections == 0
                proxy.apply(None)  # after the end it does nothing
                for sock in clients:
                    sock.close()
                await asyncio.sleep(0.005)  # for the backend's ends
                assert open_files(collect=False) <= before

    run(main())


def test_running_out_of_file_descriptors_does_not_end_it(run: Run) -> None:
    import resource

    async def main() -> None:
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            clients = [socket.create_connection(proxy.address) for _ in range(8)]
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (open_files() + 1, hard))
            try:
                await asyncio.sleep(0.05)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for sock in clients:
                sock.close()
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            assert await answer(reader) == b"hello"
            writer.close()

    run(main())
