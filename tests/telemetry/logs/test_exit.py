"""What is queued when a process ends is written, whichever way it ends by itself."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CODE = """\
import logging
from holdfast.budget.model.log import Log
from holdfast.telemetry.logs.json_logs import JsonLogs
section = Log.model_validate({"sink": "stdout", "queue": 1000, "flood": "1000000/s"})
logs = JsonLogs(section)
for number in range(500):
    logging.warning("line %d of %d", number, 500)
"""


@pytest.mark.parametrize("end", ["", "raise RuntimeError('crashed')"])
def test_nothing_queued_is_lost(end: str) -> None:
    ended = subprocess.run([sys.executable, "-c", CODE + end], capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [line["message"] for line in lines] == [f"line {number} of 500" for number in range(500)], (
        ended.stderr
    )
