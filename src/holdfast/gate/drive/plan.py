"""What a driver is told: where to send, what, and when. Two files in a folder, or one object.

plan.json      {"schema": "holdfast.drive.plan", "version": 1, "host", "port", "timeout_s",
                "connections_max", "connections_first", "waits", "spins", "idle_s",
                "requests": [{"name", "data": base64}, ...]}
schedule.npz   at       int64[N]  nanoseconds from the start at which a request is due, ascending
               request  int32[N]  which one: a position in "requests"
"""

from __future__ import annotations

import base64
import json
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from holdfast.errors import UsageError
from holdfast.gate.shape import Payload

__all__ = ["PLAN", "SCHEDULE", "Plan"]

PLAN = "plan.json"
SCHEDULE = "schedule.npz"

_SCHEMA = "holdfast.drive.plan"
_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One run against one server; raises UsageError where it cannot be driven.

    `timeout_s`: seconds from the due time after which the driver gives a request up. `connections_max`: at
    most so many connections at once; an arrival that finds none free waits, and its latency counts on.
    `idle_s`: connections idle for longer are closed by the driver, before the server's own keep-alive
    timeout (Gunicorn 2 s, Uvicorn 5 s) closes them under a request that has just been sent.
    `connections_first`: so many are opened before the first arrival, which is then not late for them.
    `waits`: without it, an arrival that finds no connection free under `connections_max` is not sent,
    as by a proxy whose pool is exhausted: a service that falls behind still gets fresh requests.
    `spins`: the driver never sleeps, on a core of its own. A service that wakes its client for each answer
    pays for that some microseconds that it would not pay for a client on another machine.
    `at`: int64[N] and `request`: int32[N] as in the file.
    """

    host: str
    port: int
    timeout_s: float
    connections_max: int
    requests: tuple[Payload, ...]
    at: np.ndarray[tuple[int], np.dtype[np.int64]]
    request: np.ndarray[tuple[int], np.dtype[np.int32]]
    idle_s: float = 1.5
    connections_first: int = 0
    waits: bool = True
    spins: bool = False

    def __post_init__(self) -> None:
        """Check what the engine relies on."""
        problem = self._problem()
        if problem:
            raise UsageError(problem, place="plan")

    def _problem(self) -> str:
        if not 0 < self.port < 65536:
            return f"a port lies between 1 and 65535, not {self.port}"
        for name, seconds in (("timeout_s", self.timeout_s), ("idle_s", self.idle_s)):
            if not (math.isfinite(seconds) and seconds > 0):
                return f"{name} is a number of seconds above 0, not {seconds}"
        if self.connections_max < 1:
            return f"connections_max is at least 1, not {self.connections_max}"
        if not 0 <= self.connections_first <= self.connections_max:
            first, most = self.connections_first, self.connections_max
            return f"connections_first lies between 0 and connections_max ({most}), not {first}"
        if self.at.dtype != np.int64 or self.request.dtype != np.int32 or self.at.shape != self.request.shape:
            return "at is int64[N] and request is int32[N], of one length"
        if len(self.at) and (self.at[0] < 0 or np.any(np.diff(self.at) < 0)):
            return "at must ascend from 0 on"
        if len(self.at) and not 0 <= self.request.min() <= self.request.max() < len(self.requests):
            return f"request must lie between 0 and {len(self.requests) - 1}"
        return ""

    def write(self, folder: Path) -> None:
        """Write both files into `folder`, which exists."""
        document = {
            "schema": _SCHEMA,
            "version": _VERSION,
            "host": self.host,
            "port": self.port,
            "timeout_s": self.timeout_s,
            "connections_max": self.connections_max,
            "connections_first": self.connections_first,
            "waits": self.waits,
            "spins": self.spins,
            "idle_s": self.idle_s,
            "requests": [
                {"name": payload.name, "data": base64.b64encode(payload.data).decode()}
                for payload in self.requests
            ],
        }
        (folder / PLAN).write_text(json.dumps(document) + "\n", encoding="utf-8")
        np.savez(folder / SCHEDULE, at=self.at, request=self.request)

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """Read what `write` wrote; UsageError names the file that is missing or malformed."""
        path = folder / PLAN
        try:
            fields = _fields(json.loads(path.read_bytes()))
            path = folder / SCHEDULE
            with np.load(path, allow_pickle=False) as arrays:
                at, request = arrays["at"], arrays["request"]
        except OSError as error:
            raise UsageError(error.strerror or "cannot be read", place=str(path)) from None
        except KeyError as error:
            # numpy says "request is not a file in the archive"
            raise UsageError(f"{str(error.args[0]).split()[0]} is missing", place=str(path)) from None
        except (ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise UsageError(f"malformed: {error}", place=str(path)) from None
        try:
            return cls(**fields, at=at, request=request)
        except UsageError as error:
            raise UsageError(error.message, place=str(folder)) from None


def _fields(document: dict[str, Any]) -> dict[str, Any]:
    if (document["schema"], document["version"]) != (_SCHEMA, _VERSION):
        raise ValueError(f"expected {_SCHEMA} version {_VERSION}")
    return {
        "host": str(document["host"]),
        "port": int(document["port"]),
        "timeout_s": float(document["timeout_s"]),
        "connections_max": int(document["connections_max"]),
        "connections_first": int(document["connections_first"]),
        "waits": bool(document["waits"]),
        "spins": bool(document["spins"]),
        "idle_s": float(document["idle_s"]),
        "requests": tuple(
            Payload(str(entry["name"]), base64.b64decode(entry["data"], validate=True))
            for entry in document["requests"]
        ),
    }
