"""A `holdfast serve` in processes of its own, and how to talk to it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 20.0

SERVERS = ("gunicorn", "uvicorn", "granian")

APP = """
import asyncio, os, time
from fastapi import FastAPI

app = FastAPI()

@app.get("/")
async def root() -> dict[str, int]:
    return {"pid": os.getpid()}

@app.get("/slow")
async def slow(seconds: float) -> dict[str, int]:
    await asyncio.sleep(seconds)
    return {"pid": os.getpid()}

@app.get("/block")
async def block(seconds: float) -> None:
    time.sleep(seconds)
"""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def get(address: str, path: str, timeout: float = 10.0, headers: dict[str, str] | None = None) -> Answer:
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
    try:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())
    finally:
        connection.close()


def until(holds: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {patience} s for {what}")


class Service:
    """One `holdfast serve`; `mark` is in the environment of all its processes."""

    def __init__(
        self, folder: Path, *arguments: str, environ: dict[str, str] | None = None, output: Path
    ) -> None:
        self.mark = f"HOLDFAST_TEST_MARK={uuid.uuid4().hex}"
        name, _, value = self.mark.partition("=")
        self.errors = output / "stderr.txt"
        with self.errors.open("wb") as errors, (output / "stdout.txt").open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "holdfast", "serve", "--port", "0", "--admin-port", "0", *arguments],
                cwd=folder,
                env={**os.environ, **(environ or {}), name: value},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                start_new_session=True,
            )

    @property
    def stderr(self) -> str:
        return self.errors.read_text()

    @property
    def address(self) -> str:
        return self._addresses()[0]

    @property
    def admin(self) -> str:
        return self._addresses()[1]

    def serving(self) -> Service:
        def booted() -> bool:
            assert self.process.poll() is None, self.stderr
            return " serves on " in self.stderr

        until(booted, "the service to serve")
        return self

    def state(self) -> Any:
        return get(self.admin, "/state").json()

    def workers(self) -> list[dict[str, Any]]:
        return [worker for worker in self.state()["workers"] if worker["state"] == "serving"]

    def signal(self, sig: signal.Signals) -> None:
        self.process.send_signal(sig)

    def wait(self, timeout: float = PATIENCE) -> int:
        return self.process.wait(timeout)

    def left(self) -> list[int]:
        """Return every process that this service started and that still is, the supervisor included."""
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                environ = (folder / "environ").read_bytes()
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if self.mark.encode() in environ and state not in "ZX":
                found.append(int(folder.name))
        return found

    def destroy(self) -> None:
        for pid in self.left():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def _addresses(self) -> tuple[str, str]:
        found = re.search(r"serves on http://(\S+), admin on http://(\S+),", self.stderr)
        assert found, self.stderr
        return found[1], found[2]
