"""A project with known stalls, and evidence of it as its tools write it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from holdfast.audit import Audited, audit
from holdfast.audit.evidence.join import Joined, join
from holdfast.audit.evidence.read import read
from holdfast.audit.evidence.where import Files
from holdfast.audit.sources import Sources

MAIN = """
import time
from fastapi import FastAPI
from shop.ledger import Ledger, Vault

app = FastAPI()
ledger = Ledger()
vault = Vault()

@app.get("/slow")
async def slow():
    ledger.settle()

@app.get("/twice")
async def twice():
    time.sleep(1)
    time.sleep(2)

@app.get("/vault/{key}")
async def opened(key: int):
    vault.settle()
"""
LEDGER = """
import time

class Ledger:
    def settle(self):
        time.sleep(0.2)

class Vault:
    def settle(self):
        time.sleep(0.3)
"""


def project(folder: Path) -> Path:
    (folder / "shop").mkdir()
    (folder / "shop" / "main.py").write_text(MAIN)
    (folder / "shop" / "ledger.py").write_text(LEDGER)
    return folder


def stall(file: str, line: int, function: str, **more: Any) -> dict[str, Any]:
    return {
        "schema": "holdfast.stall",
        "version": 1,
        "time": "2026-11-20T12:00:00.000Z",
        "worker": 7,
        "at": float(line),
        "duration": 0.25,
        "file": file,
        "line": line,
        "function": function,
        "sink": "",
        "route": "",
        "victims": 3,
        **more,
    }


def log(folder: Path, *stalls: dict[str, Any], name: str = "stalls.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(f"{json.dumps(one | {'at': float(n)})}\n" for n, one in enumerate(stalls)))
    return path


def joined(root: Path, *files: Path) -> tuple[Audited, Joined]:
    """Audit `root`, and join it with the evidence in `files`."""
    found = audit(root)
    paths = [str(path.relative_to(root)) for path in root.rglob("*.py")]
    return found, join(found.findings, read(files), Files(paths), Sources(root))


def said(found: Audited, proofs: Joined) -> dict[str, str]:
    """Return what is said of each finding, by its place."""
    each = zip(found.findings, proofs.proofs, strict=True)
    return {f"{one.file}:{one.line}": f"{proof.status}: {proof.says}" for one, proof in each}
