"""An audit's document, of a project that holds what renderings could stumble over."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holdfast.audit import audit
from holdfast.audit.report.document import document
from holdfast.audit.selection import Selection
from holdfast.audit.sources import Sources
from tests.audit.evidence.made import joined, log, stall

SOURCE = """
import time
from fastapi import FastAPI

app = FastAPI()

def wait():
    time.sleep(1)

@app.get("/slow")
async def slow():
    wait()  # </script><script>alert(1)</script> ``` | * \u2028 \x0c
"""
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a file.py").write_text(SOURCE)
    (tmp_path / "old.py").write_text("print 'hello'\n")
    return tmp_path


@pytest.fixture
def found(root: Path) -> dict[str, Any]:
    return document(audit(root), now=NOW)


@pytest.fixture
def measured(root: Path) -> dict[str, Any]:
    """The same, with a stall that confirms the finding and one that nothing explains."""
    evidence = log(root, stall("a file.py", 8, "wait"), stall("gone.py", 3, "gone", route="GET /gone"))
    result, proofs = joined(root, evidence)
    told = document(result, Selection(tuple(result.findings)), proofs, sources=Sources(root), now=NOW)
    return dict(json.loads(json.dumps(told)))
