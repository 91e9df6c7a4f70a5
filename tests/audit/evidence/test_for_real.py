"""A service that blocks, run under the guard: its stall log says what the audit had found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.audit.evidence.proof import Status
from tests.audit.evidence.made import joined, project
from tests.serve.running import Service, get, until

UNFORESEEN = """
import time
from shop.main import app

@app.get("/unforeseen")
async def unforeseen():
    vars(time)["".join(["sl", "eep"])](0.5)
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Service]:
    (project(tmp_path) / "shop" / "whole.py").write_text(UNFORESEEN)
    (tmp_path / "holdfast.toml").write_text('[loop]\nstall = "50ms"\n')
    log = str(tmp_path / "stalls.jsonl")
    service = Service(tmp_path, "shop.whole:app", "--workers", "1", "--stall-log", log, output=tmp_path)
    try:
        yield service.serving()
    finally:
        service.destroy()


def test_the_stall_log_confirms_what_was_found(served: Service, tmp_path: Path) -> None:
    log = tmp_path / "stalls.jsonl"

    def seen(function: str) -> bool:
        return f'"function": "{function}"' in log.read_text()

    def stalled(path: str, function: str) -> bool:
        # On a busy machine one stall may be put down to the machine: then there is another.
        get(served.address, path)
        return seen(function)

    until(lambda: stalled("/slow", "Ledger.settle"), "the stall of /slow in the log")
    until(lambda: stalled("/unforeseen", "unforeseen"), "the stall of /unforeseen in the log")

    found, proofs = joined(tmp_path, log)
    statuses = {
        f"{one.file}:{one.line}": proof.status
        for one, proof in zip(found.findings, proofs.proofs, strict=True)
    }
    assert statuses["shop/main.py:12"] is Status.CONFIRMED
    assert statuses["shop/main.py:21"] is Status.UNKNOWN
    (confirmed,) = [proof for proof in proofs.proofs if proof.status is Status.CONFIRMED]
    assert confirmed.seconds is not None
    assert confirmed.seconds > 0
    places = {(one.place.file, one.place.function, one.route) for one in proofs.unexplained}
    assert ("shop/whole.py", "unforeseen", "GET /unforeseen") in places
