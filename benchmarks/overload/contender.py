"""A contender that runs: processes on the service's core, their port, and what they say of themselves."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from benchmarks.overload.dial import VARIABLE, Dial
from benchmarks.overload.grammar import budget
from benchmarks.process import ROOT, pinned, python, server

__all__ = ["Contenders", "Running"]

_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Running:
    """One that serves: `dial` turns its service; `admin` is the port of `holdfast serve`'s, 0 for others."""

    port: int
    dial: Dial
    admin: int = 0

    def limits(self) -> list[int]:
        """Return the limit that each serving worker has now; nothing where nobody tells."""
        return [round(worker["limit"]) for worker in self._workers() if worker["state"] == "serving"]

    def ran(self) -> tuple[float, float]:
        """Return for how many seconds the workers ran so far, and waited for a core that others had.

        Of their main threads (proc(5), schedstat); zeros where nobody tells of workers.
        """
        ran = waited = 0
        for worker in self._workers():
            with suppress(OSError, ValueError):
                times = Path(f"/proc/{worker['pid']}/schedstat").read_text().split()
                ran, waited = ran + int(times[0]), waited + int(times[1])
        return ran / 1e9, waited / 1e9

    def _workers(self) -> list[dict[str, Any]]:
        if not self.admin:
            return []
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=5)
        try:
            connection.request("GET", "/state")
            found = json.loads(connection.getresponse().read())["workers"]
        except (OSError, ValueError):
            return []
        finally:
            connection.close()
        return cast("list[dict[str, Any]]", found)


class Contenders:
    """Starts contenders on `core`, files in `folder`."""

    def __init__(self, folder: Path, core: int | None) -> None:
        self._folder = folder
        self._core = core
        self._started = 0

    @contextmanager
    def peer(self, name: str) -> Iterator[Running]:
        """Run a peer while inside."""
        dial = self._dial()
        with ExitStack() as stack:
            stack.enter_context(_environ(VARIABLE, str(self._path("dial"))))
            port = stack.enter_context(server(python("benchmarks.overload.peer", name), core=self._core))
            _await_port(port)
            yield Running(port, dial)

    @contextmanager
    def held(self, admission: Sequence[str], *, workers: int = 1) -> Iterator[Running]:
        """Run the held service under `holdfast serve` while inside; `admission` as in the budget."""
        dial = self._dial()
        path, log = self._path("toml"), self._path("log")
        path.write_text(budget(*admission), encoding="utf-8")
        command = python("holdfast", "serve", "benchmarks.overload.service:held()", "--budget", path)
        command += ["--port", "0", "--admin-port", "0", "--workers", str(workers)]
        with log.open("wb") as output, pinned(self._core):
            child = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, VARIABLE: str(self._path("dial"))},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            port, admin = _addresses(child, log, workers)
            yield Running(port, dial, admin)
        finally:
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(10)
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def _dial(self) -> Dial:
        self._started += 1
        return Dial(self._path("dial"))

    def _path(self, suffix: str) -> Path:
        return self._folder / f"{self._started}.{suffix}"


@contextmanager
def _environ(name: str, value: str) -> Iterator[None]:
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]


def _await_port(port: int) -> None:
    """Wait for the first answer: a port that is listened on says nothing of an app that still starts."""
    end = time.monotonic() + _PATIENCE
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()


def _addresses(child: subprocess.Popen[bytes], log: Path, workers: int) -> tuple[int, int]:
    """Wait until all workers serve; return the ports of the service and of its admin."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and child.poll() is None:
        text = log.read_text()
        found = re.search(r"serves on http://\S+:(\d+), admin on http://\S+:(\d+),", text)
        if found:
            port, admin = int(found[1]), int(found[2])
            if len(Running(port, Dial(log.with_suffix(".dial")), admin).limits()) == workers:
                return port, admin
        time.sleep(0.02)
    print(log.read_text(), file=sys.stderr)
    raise SystemExit("the held service does not come up")
