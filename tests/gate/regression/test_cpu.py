from __future__ import annotations

import subprocess
import sys

from holdfast.gate.regression.cpu import CpuClock

BURN = """
import sys, time
while time.process_time() < float(sys.argv[1]):
    pass
print("done", flush=True)
sys.stdin.read()
"""


def test_reads_what_another_process_has_used() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BURN, "0.3"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        clock = CpuClock(process.pid)
        process.stdout.readline()
        used = clock.read()
        assert used is not None
        assert 0.3 <= used < 1.0
        process.kill()
        process.wait()
        assert clock.read() is None
