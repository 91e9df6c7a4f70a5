"""Two builds for real, in windows too short to tell a cost, and long enough to tell a failure."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from holdfast.budget import load
from holdfast.gate.conduct.live import Unseen
from holdfast.gate.regression import Options, build_at, run

APP = """
from fastapi import FastAPI
from holdfast import Holdfast

app = FastAPI()
hold = Holdfast(app)

@app.get("/n/{number}")
async def answer(number: int) -> dict[str, int]:
    return {"number": NUMBER}
"""

BUDGET = """
[service]
replicas = { min = 1, max = 1, surge = 0 }
workers = 1
[traffic]
peak = "40/s"
request = [{ send = "GET /n/{1..9}" }]
[regression]
cpu = "15%"
[source]
"*" = "numbers.md#numbers"
"""


def test_a_build_that_fails_is_told_from_one_that_does_not(tmp_path: Path) -> None:
    for name, number in (("old", "number"), ("new", "1 / 0")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "served.py").write_text(APP.replace("NUMBER", number))
    (tmp_path / "numbers.md").write_text("# Numbers\n\n15%, 40/s, 1, 0\n")
    (tmp_path / "holdfast.toml").write_text(BUDGET)
    loaded = load(tmp_path / "holdfast.toml")
    builds = [build_at(name, tmp_path / name) for name in ("old", "new")]
    options = Options("served:app", *builds, 1, os.environ, looks=(7,), window=0.2)
    with asyncio.Runner() as runner:
        found = runner.run(run(loaded, options, Unseen()))
    assert (found.verdict.outcome, found.verdict.exit_code) == ("fail", 1)
    assert "x 500 where the other build has 0" in found.verdict.summary
    assert found.pairs == 7
    assert len(found.windows) == 14
    for window in found.windows:
        if window.build == "new":
            # After an unhandled error the server closes the connection, on which the next request may be.
            assert window.requests == sum(window.bad.values())
            assert set(window.bad) <= {"500", "reset"}
            assert window.cpu is window.p50 is None
        elif window.requests:
            assert window.cpu is not None
            assert 0 < window.cpu < 1
    found.write(tmp_path / "regression.json")
    document = json.loads((tmp_path / "regression.json").read_text())
    assert (document["schema"], document["version"]) == ("holdfast.regression", 1)
    assert document["comparisons"][0]["why"] == "nothing to compare"
