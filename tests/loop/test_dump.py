"""The dump from within C code, in processes of their own: of its timer there is one in each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from holdfast.loop.dump import read

PROGRAM = """
import asyncio, sys, time
from pathlib import Path
from holdfast.loop.watch import StallWatch

async def main(path, kind):
    seen = []
    watch = StallWatch(seen.append, threshold=0.05, interim=0.25)
    watch.start()
    watch.dump_to(Path(path))
    await asyncio.sleep(0.1)
    if kind == "gil":
        hold()
    elif kind == "python":
        end = time.perf_counter() + 0.6
        while time.perf_counter() < end:
            pass
    else:
        time.sleep(0.6)
    text = Path(path).read_text()
    await asyncio.sleep(0.1)
    watch.stop()
    print(text.count("most recent call first"), Path(path).exists())
    for stall in seen:
        print(stall.line, stall.function, stall.cause, *stall.stack[:1])

def hold():
    big = 7 ** 2_500_000  # holds
    more = big + 1
    return len(str(more > big))

asyncio.run(main(*sys.argv[1:]))
"""


def run(tmp_path: Path, kind: str) -> list[str]:
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "program.py", "dump", kind]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()


def test_an_operator_that_holds_the_gil_is_named_to_the_line(tmp_path: Path) -> None:
    dumps, stall, *_ = run(tmp_path, "gil")
    line = next(i for i, text in enumerate(PROGRAM.splitlines(), 1) if text.endswith("# holds"))
    assert dumps.endswith("False")  # the file goes with the watch
    assert stall.startswith(f"{line} hold cpu")
    assert f"program.py:{line} hold" in stall


def test_nothing_is_dumped_while_python_runs(tmp_path: Path) -> None:
    for kind in ("python", "asleep"):
        assert run(tmp_path, kind)[0] == "0 False"


DUMP = """holdfast: the loop runs on thread 0x00007f0000000001
Timeout (0:00:01)!
Thread 0x00007f0000000002 (most recent call first):
  File "/usr/lib/threading.py", line 324 in wait

Thread 0x00007f0000000001 [asyncio] (most recent call first):
  File "/srv/shop/orders.py", line 40 in charge
  File "/srv/a b, line 2 in x.py", line ??? in <module>
"""


def test_the_loops_thread_is_found_in_a_dump(tmp_path: Path) -> None:
    path = tmp_path / "dump"
    assert read(path) == ()
    path.write_text(DUMP)
    assert read(path) == ("/srv/shop/orders.py:40 charge", "/srv/a b, line 2 in x.py:0 <module>")
    path.write_text(DUMP.splitlines()[0] + "\n")
    assert read(path) == ()
    path.write_text(DUMP + DUMP.partition("\n")[2].replace("line 40", "line 41"))
    assert read(path)[0] == "/srv/shop/orders.py:41 charge"  # the last of several
    path.write_bytes(b"\xff\xfe garbage")
    assert read(path) == ()
