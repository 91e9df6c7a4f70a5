from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holdfast.clock import monotonic
from holdfast.errors import DeadlineExceeded, OffloadFull, UsageError, WorkerDied
from holdfast.loop.offload.processes import Processes
from holdfast.policy.deadline.guard import within
from tests.loop.offload import calls
from tests.loop.offload.waiting import until

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


@pytest.fixture
async def processes() -> AsyncIterator[Processes]:
    made = Processes(2, 4)
    yield made
    await made.aclose()
    assert not made.pids
    assert made.slots.used == 0


def lives(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


async def test_it_starts_when_needed_and_is_kept(processes: Processes) -> None:
    assert not processes.pids
    first = await processes.run(calls.pid)
    assert first != os.getpid()
    assert await processes.run(calls.pid) == first
    assert await processes.run(calls.add, 1, b=2) == 3
    assert processes.pids == {first}


async def test_errors_come_back_with_their_trace(processes: Processes) -> None:
    with pytest.raises(ValueError, match="swordfish") as failed:
        await processes.run(calls.fail, "swordfish")
    assert "in fail" in str(failed.value.__cause__)
    with pytest.raises(RuntimeError, match="Stubborn: 1 and 2"):
        await processes.run(calls.fail_stubbornly)
    with pytest.raises(RuntimeError, match="SystemExit: 3"):
        await processes.run(calls.exits)
    assert len(processes.pids) == 1, "none of that ends the process"


async def test_what_cannot_be_sent_is_said_and_starts_nothing(processes: Processes) -> None:
    with pytest.raises(UsageError, match="<lambda> or its arguments cannot be sent to a process"):
        await processes.run(lambda: None)
    with pytest.raises(UsageError, match=r"calls\.fail or its arguments cannot be sent"):
        await processes.run(calls.fail, (word for word in "generator"))  # type: ignore[arg-type]
    assert not processes.pids
    with pytest.raises(TypeError, match="cannot pickle"):
        await processes.run(calls.unpicklable)


@pytest.mark.parametrize(
    ("call", "arguments", "how"),
    [(calls.kill_me, (), "killed by SIGKILL"), (calls.leave, (3,), "exit code 3")],
)
async def test_a_process_that_dies_fails_its_call_and_no_other(
    processes: Processes, call: object, arguments: tuple[int, ...], how: str
) -> None:
    before = await processes.run(calls.pid)
    beside = asyncio.ensure_future(processes.run(calls.sleep, 0.3))
    await until(lambda: processes.slots.used == 1)
    with pytest.raises(WorkerDied, match=how) as died:
        await processes.run(call, *arguments)  # type: ignore[arg-type]
    assert died.value.call.endswith(call.__name__)  # type: ignore[attr-defined]
    assert await beside == 0.3
    await until(lambda: processes.slots.used == 0)
    assert before in processes.pids
    assert len(processes.pids) == 2, "another one stands in for it"
    assert await processes.run(calls.pid) in processes.pids


async def test_a_process_that_died_idle_is_replaced(processes: Processes) -> None:
    first = await processes.run(calls.pid)
    os.kill(first, signal.SIGKILL)
    await until(lambda: not lives(first))
    # The call may come before the end of the process is known here: then it says so, and the next one works.
    try:
        second = await processes.run(calls.pid)
    except WorkerDied:
        second = await processes.run(calls.pid)
    assert second != first


async def test_a_deadline_shorter_than_the_import_starves_nobody(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The module is imported once, also by a process whose first caller has gone, and again after a kill."""
    (tmp_path / "slow_to_import.py").write_text(
        "import os, time\ntime.sleep(0.5)\ndef pid(): return os.getpid()\ndef sleep(s): time.sleep(s)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import slow_to_import  # type: ignore[import-not-found]

    with pytest.raises(DeadlineExceeded):
        async with within(0.1):
            await processes.run(slow_to_import.pid)
    await until(lambda: processes.slots.used == 0)
    (first,) = processes.pids
    async with within(0.4):
        assert await processes.run(slow_to_import.pid) == first
    with pytest.raises(DeadlineExceeded):
        async with within(0.1):
            await processes.run(slow_to_import.sleep, 60)
    await until(lambda: processes.slots.used == 0)
    async with within(0.4):
        assert await processes.run(slow_to_import.pid) != first


async def test_cancelled_the_process_is_killed_and_its_slot_comes_back(
    processes: Processes, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    call = asyncio.ensure_future(processes.run(calls.write_and_sleep, str(note), 30))
    await until(lambda: note.exists() and note.read_text())
    worker = int(note.read_text())
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await until(lambda: processes.slots.used == 0)
    assert not lives(worker)
    assert worker not in processes.pids
    assert await processes.run(calls.pid) != worker


async def test_a_deadline_kills_and_is_in_force_there(processes: Processes) -> None:
    async with within(20):
        left = await processes.run(calls.left)
    assert left is not None
    assert 0 < left <= 20
    assert await processes.run(calls.left) is None
    begun = monotonic()
    with pytest.raises(DeadlineExceeded):
        async with within(0.1):
            await processes.run(calls.sleep, 30)
    assert monotonic() - begun < 15
    await until(lambda: processes.slots.used == 0)


async def test_the_queue_is_bounded(processes: Processes) -> None:
    await processes.run(calls.pid)
    running = [asyncio.ensure_future(processes.run(calls.sleep, 0.2)) for _ in range(6)]
    await until(lambda: processes.slots.waiting == 4)
    with pytest.raises(OffloadFull, match="processes: full"):
        await processes.run(calls.pid)
    assert await asyncio.gather(*running) == [0.2] * 6
    assert len(processes.pids) == 2


async def test_random_cancellation_and_kills_leave_nothing(processes: Processes) -> None:
    rng = random.Random(5)
    most = 0

    async def one() -> str:
        try:
            async with asyncio.timeout(rng.random() * 0.08):
                if rng.random() < 0.3:
                    await processes.run(calls.leave, 1)
                else:
                    await processes.run(calls.sleep, rng.random() * 0.02)
        except (TimeoutError, OffloadFull, WorkerDied) as error:
            return type(error).__name__
        return "done"

    ends: set[str] = set()
    for _ in range(12):
        asked = [asyncio.ensure_future(one()) for _ in range(8)]
        while not all(task.done() for task in asked):
            await asyncio.sleep(0.002)
            most = max(most, len(processes.pids))
        ends |= {task.result() for task in asked}
    await until(lambda: processes.slots.used == 0)
    assert ends >= {"done", "TimeoutError", "OffloadFull"}
    assert most <= 2, "never more processes than slots"
    assert processes.slots.waiting == 0
    assert await processes.run(calls.add, 1) == 1


async def test_closing_waits_a_while_and_then_kills() -> None:
    processes = Processes(2)
    await asyncio.gather(processes.run(calls.sleep, 0.1), processes.run(calls.sleep, 0.1))
    short = asyncio.ensure_future(processes.run(calls.sleep, 0.1))
    long = asyncio.ensure_future(processes.run(calls.sleep, 60))
    await until(lambda: processes.slots.used == 2)
    pids = processes.pids
    begun = time.monotonic()
    await processes.aclose(1)
    assert time.monotonic() - begun < 20
    assert await short == 0.1
    with pytest.raises(WorkerDied):
        await long
    assert not any(map(lives, pids))
    with pytest.raises(OffloadFull, match="draining"):
        await processes.run(calls.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal at a parent's death is Linux's")
async def test_processes_do_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    service = textwrap.dedent(f"""
        import asyncio
        from holdfast.loop.offload.processes import Processes
        from tests.loop.offload import calls
        asyncio.run(Processes(1).run(calls.write_and_sleep, {str(note)!r}, 60))
    """)
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", service, cwd=Path(__file__).parents[3]
    )
    try:
        await until(lambda: note.exists() and note.read_text())
        worker = int(note.read_text())
        assert lives(worker)
    finally:
        parent.kill()
        await parent.wait()
    await until(lambda: not lives(worker))


def test_a_function_of_the_main_module_is_found(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            import asyncio
            from holdfast.loop.offload.processes import Processes

            def double(number):
                return 2 * number

            async def main():
                processes = Processes(1)
                print(await processes.run(double, 21))
                await processes.aclose()

            if __name__ == "__main__":
                asyncio.run(main())
        """)
    )
    ended = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "42", "")
