"""Whatever happens, in whatever order: nothing is left, and it goes on."""

from __future__ import annotations

import asyncio
import random
import socket

from holdfast.gate.fault.kinds import Blackhole, Brownout, Refuse, Reset, Slow
from holdfast.gate.fault.proxy import Proxy
from tests.gate.fault.conftest import Run
from tests.gate.fault.proxy.exchange import GET, HTTP, answer
from tests.gate.fault.servers import backend, open_files, until


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
                await until(lambda most=before: open_files(collect=False) <= most)  # type: ignore[misc]

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
