from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.errors import BootFailed
from holdfast.gate.launch.process import Child
from tests.gate.fault.conftest import Run
from tests.gate.fault.servers import open_files, until
from tests.gate.launch.processes import alive, gone, parent

PYTHON = sys.executable

FAMILY = """
import os, subprocess, sys, time
sleep = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]
near = subprocess.Popen(sleep)
far = subprocess.Popen(sleep, start_new_session=True)
orphan = subprocess.run(
    [sys.executable, "-S", "-c", "import subprocess, sys; print(subprocess.Popen(sys.argv[1:],"
     " start_new_session=True, stdout=subprocess.DEVNULL).pid)", *sleep], stdout=subprocess.PIPE).stdout
print(os.getpid(), near.pid, far.pid, int(orphan), flush=True)
time.sleep(600)
"""
"""A process with a child, a child in a session of its own, and a daemon; prints all four pids."""


def family(child: Child) -> list[int]:
    return [int(word) for word in child.output.lines("stdout")[0].split()]


def test_output_exit_code_and_environment(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        heard: list[tuple[str, str]] = []
        script = (
            "import os, sys; print(os.environ['X'], os.getcwd()); print('err', file=sys.stderr); "
            "print('no end', end=''); sys.exit(7)"
        )
        env = {"X": "1", "PATH": os.environ["PATH"]}
        async with Child(
            [PYTHON, "-c", script], env=env, cwd=tmp_path, on_line=lambda *line: heard.append(line)
        ) as child:
            assert child.pid > 0
            assert await child.wait() == 7
            assert child.output.lines("stdout") == [f"1 {tmp_path}", "no end"]
            assert child.output.lines("stderr") == ["err"]
            assert child.output.cause() == "err"
            assert sorted(heard) == [("stderr", "err"), ("stdout", f"1 {tmp_path}"), ("stdout", "no end")]

    run(main())


def test_a_signal_is_a_negative_code_as_in_subprocess(run: Run) -> None:
    async def main() -> None:
        async with Child([PYTHON, "-c", "import os; os.kill(os.getpid(), 11)"]) as child:
            assert await child.wait() == -11

    run(main())


def test_floods_of_output_are_bounded_and_do_not_block(run: Run) -> None:
    async def main() -> None:
        script = "for i in range(50_000): print('line', i)"
        async with Child([PYTHON, "-c", script], keep=3) as child:
            assert await child.wait() == 0
            assert child.output.lines() == ["line 49997", "line 49998", "line 49999"]

    run(main())


def test_stdin(run: Run) -> None:
    async def main() -> None:
        async with Child([PYTHON, "-c", "print(input() + '!')"], stdin=True) as child:
            child.send("go\n")
            assert await child.wait() == 0
            assert child.output.lines() == ["go!"]
            child.send("too late")
        async with Child([PYTHON, "-c", "import sys; print(sys.stdin.read() == '')"]) as child:
            await child.wait()
            assert child.output.lines() == ["True"]
            with pytest.raises(RuntimeError):
                child.send("x")

    run(main())


def test_what_cannot_be_run_says_so(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(BootFailed, match=r"^stand-in cannot be started: /no/such/thing: No such file"):
            async with Child(["/no/such/thing"], name="stand-in"):
                pass
        script = tmp_path / "script"
        script.write_text("#!/bin/sh\n")
        with pytest.raises(BootFailed, match="Permission denied"):
            async with Child([str(script)]):
                pass
        with pytest.raises(BootFailed, match="No such file"):
            async with Child([PYTHON], cwd=tmp_path / "nowhere"):
                pass

    run(main())


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no CPU affinity here")
def test_affinity(run: Run) -> None:
    async def main() -> None:
        cpu = max(os.sched_getaffinity(0))
        script = "import os; print(sorted(os.sched_getaffinity(0)))"
        async with Child([PYTHON, "-c", script], cpus={cpu}) as child:
            await child.wait()
            assert child.output.lines() == [f"[{cpu}]"]
        with pytest.raises(BootFailed, match="Invalid argument"):
            async with Child([PYTHON, "-c", script], cpus={4000}):
                pass

    run(main())


def test_stop_asks_first(run: Run) -> None:
    async def main() -> None:
        script = (
            "import signal, sys, time\n"
            "signal.signal(signal.SIGTERM, lambda *_: (print('tidy'), sys.exit(3)))\n"
            "print('up', flush=True); time.sleep(600)"
        )
        async with Child([PYTHON, "-c", script]) as child:
            await until(lambda: child.output.lines() == ["up"])
            assert await child.stop(30) == 3
            assert child.output.lines() == ["up", "tidy"]
            assert await child.stop(30) == 3

    run(main())


def test_stop_kills_what_does_not_listen(run: Run) -> None:
    async def main() -> None:
        script = (
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
            "print('up', flush=True); time.sleep(600)"
        )
        async with Child([PYTHON, "-c", script]) as child:
            await until(lambda: child.output.lines() == ["up"])
            assert await child.stop(0.05) == -9

    run(main())


@pytest.mark.parametrize("how", ["leave", "exits", "killed"])
def test_nothing_below_it_survives(run: Run, how: str) -> None:
    async def main() -> None:
        async with Child([PYTHON, "-c", FAMILY]) as child:
            await until(lambda: bool(child.output.lines()))
            pids = family(child)
            assert pids[0] == child.pid
            assert all(alive(pid) for pid in pids)
            if how == "killed":
                os.kill(child.pid, signal.SIGKILL)
                assert await child.wait(30) == -9
            elif how == "exits":
                child.signal(signal.SIGTERM)
                assert await child.wait(30) == -15
        assert gone(*pids, within=0)

    run(main())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_survives_the_gate(number: int) -> None:
    gate = (
        "import asyncio, sys\n"
        "from holdfast.gate.launch.process import Child\n"
        "async def main():\n"
        "    async with Child([sys.executable, '-c', sys.argv[1]],\n"
        "                     on_line=lambda _, line: print(line, flush=True)) as child:\n"
        "        await child.wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [PYTHON, "-c", gate, FAMILY], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            pids = [int(word) for word in process.stdout.readline().split()]
            assert len(pids) == 4
            process.send_signal(number)
            process.wait(20)
            assert gone(*pids)
        finally:
            process.kill()


def test_cancelled_at_any_moment_it_leaves_nothing(run: Run) -> None:
    async def main() -> None:
        rng = random.Random(5)
        seen: list[int] = []

        async def use() -> None:
            async with Child([PYTHON, "-S", "-c", "import time; time.sleep(600)"]) as child:
                seen.append(child.pid)
                if rng.random() < 0.5:
                    await child.stop(rng.choice([0, 60]))
                else:
                    await child.wait()

        before = open_files(collect=False)
        for _ in range(25):
            task = asyncio.create_task(use())
            await asyncio.sleep(rng.uniform(0, 0.06))
            for _ in range(rng.randrange(1, 4)):
                task.cancel()
                await asyncio.sleep(0)
            await asyncio.wait({task})
            assert task.cancelled() or task.result() is None
            assert open_files(collect=False) == before
            assert gone(*seen, within=0)

    run(main())


def test_a_tether_that_is_killed_takes_the_child_along(run: Run) -> None:
    async def main() -> None:
        async with Child([PYTHON, "-c", "import time; time.sleep(600)"]) as child:
            tether = parent(child.pid)
            assert tether != os.getpid()
            os.kill(tether, signal.SIGKILL)
            assert await child.wait(30) == -9
            assert gone(child.pid)

    run(main())
