"""The driver as the gate runs it: a process, lines on its output, records in a file."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from holdfast.gate.drive import Cause, Plan, Records
from tests.gate.drive.servers import OK, Server, on_uvloop, plan, serving, until, write

COMMAND = [sys.executable, "-m", "holdfast.gate.drive"]


class Driver:
    """A driver process; its output read line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            line = await self._process.stdout.readline()
        assert line, "the driver has ended"
        return dict(json.loads(line))

    async def last(self) -> dict[str, Any]:
        while "finished" not in (line := await self.line()):
            assert line["sent"] >= line["done"]
        return line

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    async def end(self) -> tuple[int, bytes]:
        async with asyncio.timeout(20):
            _, errors = await self._process.communicate()
        assert self._process.returncode is not None
        return self._process.returncode, errors


async def start(folder: Path, *options: str) -> Driver:
    return Driver(
        await asyncio.create_subprocess_exec(
            *COMMAND,
            str(folder),
            *options,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    )


def with_plan(folder: Path, at_ms: list[float], main: Any) -> None:
    async def whole() -> None:
        async with serving(write(OK)) as server:
            plan(server.port, at_ms).write(folder)
            driver = await start(folder)
            try:
                await main(driver, server)
            finally:
                if driver._process.returncode is None:
                    driver._process.kill()
                    await driver._process.communicate()

    on_uvloop(whole())


def test_waits_for_go_then_drives_and_writes(tmp_path: Path) -> None:
    async def main(driver: Driver, server: Server) -> None:
        assert await driver.line() == {"ready": True}
        assert server.connections == 0
        driver.go()
        start_ns = (await driver.line())["start_ns"]
        last = await driver.last()
        assert (last["sent"], last["ok"], last["not_sent"], last["interrupted"]) == (400, 400, 0, False)
        assert 0 < last["cpu_s"] < 20
        assert await driver.end() == (0, b"")
        records = Records.read(tmp_path)
        assert records.start_ns == start_ns
        assert records.status.tolist() == [200] * 400

    with_plan(tmp_path, [float(i) for i in range(400)], main)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_sending_and_what_there_is_is_written(tmp_path: Path, number: int) -> None:
    async def main(driver: Driver, server: Server) -> None:
        await driver.line()
        driver.go()
        await driver.line()
        await until(lambda: server.heads)
        driver.signal(number)
        assert (await driver.last())["interrupted"] is True
        assert await driver.end() == (130, b"")
        records = Records.read(tmp_path)
        assert records.interrupted
        assert records.status[-1] == Cause.NOT_SENT

    with_plan(tmp_path, [0, 60_000], main)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_go_ends_it_quietly(tmp_path: Path, number: int) -> None:
    async def main(driver: Driver, _: Server) -> None:
        await driver.line()
        driver.signal(number)
        assert await driver.end() == (130, b"")

    with_plan(tmp_path, [0], main)


def test_it_does_not_outlive_its_reader(tmp_path: Path) -> None:
    async def main(driver: Driver, _: Server) -> None:
        await driver.line()
        driver.go()
        await driver.line()
        transport = driver._process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]
        transport.close()
        async with asyncio.timeout(20):
            assert await driver._process.wait() == 130

    with_plan(tmp_path, [0, 60_000], main)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    (tmp_path / "plan.json").write_text("{}")
    return tmp_path


def test_a_bad_folder_is_one_line_and_exit_2(tmp_path: Path, broken: Path) -> None:
    for folder, message in [(tmp_path / "none", "No such file"), (broken, "schema is missing")]:
        done = subprocess.run(
            [*COMMAND, str(folder)], input="", capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 2
        assert done.stdout == ""
        assert message in done.stderr
        assert str(folder) in done.stderr
        assert done.stderr.count("\n") == 1


def test_the_end_of_standard_input_is_a_go_and_an_unknown_host_is_named(tmp_path: Path) -> None:
    good = plan(80, [0])
    Plan("no-such-host.invalid", 80, 1.0, 1, good.requests, good.at, good.request).write(tmp_path)
    done = subprocess.run(
        [*COMMAND, str(tmp_path)], input="", capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("no-such-host.invalid: no address")
    assert done.stderr.count("\n") == 1
