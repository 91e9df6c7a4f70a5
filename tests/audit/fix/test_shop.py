"""The fragile shop, mended: by what is safe, and then by what is shown. It starts and answers as before."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from examples.shop.mistakes import load
from holdfast.audit.fix.mend import Mended
from tests.audit.fix.mending import mended
from tests.audit.test_shop import PLANTED

ROOT = Path(__file__).resolve().parents[3]
IGNORED = shutil.ignore_patterns("__pycache__", "*.db*")

ASK = """
import json
from sqlalchemy import event
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient
from examples.shop.fragile import app

statements = []

@event.listens_for(Engine, "before_cursor_execute")
def note(connection, cursor, statement, *rest):
    statements.append(statement)

paths = ["/products", "/products?page=2", "/products/1", "/products/999999", "/orders/1", "/report"]
order = {"customer_id": 7, "lines": [{"product_id": 3, "quantity": 2}]}
with TestClient(app) as client:
    answers = [(one.status_code, one.json()) for one in map(client.get, paths)]
    answers.append((client.post("/orders", json=order).status_code, None))
    statements.clear()
    client.get("/products")
print(json.dumps({"answers": answers, "statements": len(statements)}))
"""


def start(root: Path) -> subprocess.Popen[str]:
    """Start the shop's fragile form below `root`, without a provider, and ask it."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(root), str(ROOT / "src")]),
        "HOLDFAST_BUDGET": str(root / "examples" / "shop" / "holdfast.toml"),
        "PAYMENTS_URL": "http://127.0.0.1:9",  # the discard port: refused at once
        "DATABASE_URL": f"sqlite:///{root}/shop.db",
    }
    return subprocess.Popen(
        [sys.executable, "-c", ASK], cwd=root, env=environment, stdout=subprocess.PIPE, text=True
    )


def said(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what the shop said."""
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    answers: dict[str, Any] = json.loads(output)
    return answers


@pytest.fixture(scope="module")
def result() -> Mended:
    return mended(ROOT / "examples" / "shop")


def copied(folder: Path) -> Path:
    """Return the root of a copy of the shop."""
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=IGNORED)
    return folder


OPEN = {"unbounded-cache", "pickled-cache", "missing-index"}
"""What to keep and in which form, and a migration: the audit says so, and its reader writes it."""


def test_every_mistake_has_a_fix_but_those_that_are_for_the_reader(result: Mended) -> None:
    told = {fix.finding.rule for fix in result.applied} | {one.fix.finding.rule for one in result.shown}
    assert {PLANTED[mistake.slug].rule for mistake in load() if mistake.slug not in OPEN} <= told
    assert not told & {PLANTED[slug].rule for slug in OPEN}
    assert all("/held/" not in file for fix in result.applied for file in fix.files)


def test_the_numbers_are_those_of_the_budget(result: Mended) -> None:
    assert "\nPAYMENTS_TIMEOUT = 0.3  #" in result.texts["fragile/payments.py"].decode()
    assert "timeout=PAYMENTS_TIMEOUT)" in result.texts["fragile/payments.py"].decode()


def test_mended_it_answers_as_before_with_fewer_statements(result: Mended, tmp_path: Path) -> None:
    before, safe, all_ = (copied(tmp_path / name) for name in ("before", "safe", "all"))
    for file, text in result.texts.items():
        for root in (safe, all_):
            (root / "examples" / "shop" / file).write_bytes(text)
    for one in result.shown:
        for file, text in one.after.items():
            decided = text.replace(b"RETRY_WAIT = ...", b"RETRY_WAIT = 0.01")
            (all_ / "examples" / "shop" / file).write_bytes(decided)
    first, second, third = (said(one) for one in [start(root) for root in (before, safe, all_)])
    assert first["answers"] == second["answers"] == third["answers"]
    assert first["statements"] > 20
    assert second["statements"] == third["statements"] < 6


def test_a_second_run_writes_nothing(result: Mended, tmp_path: Path) -> None:
    root = copied(tmp_path) / "examples" / "shop"
    for file, text in result.texts.items():
        (root / file).write_bytes(text)
    again = mended(root)
    assert again.texts == {}
    assert {"HF102", "HF202"}.isdisjoint(one.fix.finding.rule for one in again.shown)
