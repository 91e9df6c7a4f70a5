from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import pytest

from holdfast.errors import BootFailed, UsageError
from holdfast.gate.launch.port import bound, in_use
from holdfast.gate.launch.standin import StandIn, command_line
from tests.gate.fault.conftest import Run
from tests.gate.fault.servers import open_files
from tests.gate.launch.processes import gone

HTTP = "python -m http.server --bind 127.0.0.1 --directory {dir} {port}"
URL = "http://127.0.0.1:{port}"


def test_command_line() -> None:
    directory = Path("/tmp/a b")
    assert command_line("python x.py '{dir}/c d' --port={port}", 7, directory) == (
        sys.executable,
        "x.py",
        "/tmp/a b/c d",
        "--port=7",
    )
    assert command_line("redis-server {port}", 7, directory) == ("redis-server", "7")
    for bad in ("", "say 'hi"):
        with pytest.raises(UsageError) as caught:
            command_line(bad, 1, directory)
        assert caught.value.place == "stand_in.run"


def test_is_there_on_entry_and_gone_after(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        async with StandIn("payments", HTTP, URL + "/v1", tmp_path) as stand_in:
            port = int(stand_in.url.removeprefix("http://127.0.0.1:").removesuffix("/v1"))
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            assert stand_in.child is not None
            assert stand_in.child.returncode is None
        assert not in_use("127.0.0.1", port)
        assert stand_in.child.returncode == -15

    run(main())


def test_a_file_needs_no_command(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        async with StandIn("db", None, "sqlite+aiosqlite:///{dir}/shop.db", tmp_path) as stand_in:
            assert stand_in.url == f"sqlite+aiosqlite:///{tmp_path}/shop.db"

    run(main())


def test_that_ends(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        script = 'python -c \'import sys; print("one"); sys.exit("no such table")\''
        with pytest.raises(BootFailed) as caught:
            async with StandIn("payments", script, URL, tmp_path):
                pass
        assert "stand-in of payments ended with exit code 1" in str(caught.value)
        assert str(caught.value).endswith(": no such table")
        assert caught.value.output.splitlines() == ["one", "no such table"]

    run(main())


def test_that_never_accepts(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        script = "python -c 'import time; print(\"waiting\", flush=True); time.sleep(600)'"
        stand_in = StandIn("payments", script, URL, tmp_path, boot=0.5)
        with pytest.raises(BootFailed, match=r"accepted no connection on port \d+ within 0.5 s") as caught:
            async with stand_in:
                pass
        assert caught.value.output == "waiting"
        assert stand_in.child is not None
        assert gone(stand_in.child.pid, within=0)

    run(main())


def test_port_in_use_and_urls_that_cannot_be_watched(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        with bound() as sock:
            sock.listen()
            url = f"http://localhost:{sock.getsockname()[1]}"
            with pytest.raises(UsageError, match=r"^dependency\.payments\.stand_in\.url: port \d+ is in use"):
                async with StandIn("payments", HTTP, url, tmp_path):
                    pass
        with pytest.raises(UsageError, match="cannot be told"):
            async with StandIn("payments", HTTP, "https://127.0.0.1:{port}", tmp_path):
                pass

    run(main())


def test_cancelled_at_any_moment_it_leaves_nothing(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        rng = random.Random(2)
        before = 0
        for round_ in range(8):
            stand_in = StandIn("payments", HTTP, URL, tmp_path)

            async def use(stand_in: StandIn = stand_in) -> None:
                async with stand_in:
                    await asyncio.sleep(600)

            task = asyncio.create_task(use())
            await asyncio.sleep(rng.uniform(0, 0.4))
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled()
            assert stand_in.child is not None
            assert gone(stand_in.child.pid, within=0)
            await asyncio.sleep(0)  # the last probe's transport
            before = before if round_ else open_files(collect=False)  # uvloop opens /dev/null at first
            assert open_files(collect=False) == before

    run(main())
