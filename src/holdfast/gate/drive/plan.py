"""What a driver is told: where to send, what, and when. Two files in a folder, or one object.

plan.json      {"schema": "holdfast.drive.plan", "version": 1, "host", "port", "timeout_s",
                "connections_max", "connections_first", "waits", "spins", "idle_s",
                "requests": [{"name", "data": base64, "check", "then", "pause_ns", "reads"}, ...],
                "checks": [{"status", "values", "contains", "take"}, ...]}
schedule.npz   at       int64[N]  nanoseconds from the start at which a request is due, ascending
               request  int32[N]  which one: a position in "requests"
               closes   bool[N]   whether its connection is closed after it, or bool[0]

The plan holds what requests authenticate with: only its owner may read it.
"""

from __future__ import annotations

import base64
import json
import math
import os
import zipfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from holdfast.errors import UsageError
from holdfast.gate.shape import Check, Payload

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
    `at`: int64[N], `request`: int32[N] and `closes`: bool[N], or bool[0] for none, as in the file. Arrivals
    are rows; what follows them (`Payload.then`) is due when the answer before it has come.
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
    closes: np.ndarray[tuple[int], np.dtype[np.bool_]] = field(default_factory=lambda: np.zeros(0, np.bool_))

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
        if self.closes.dtype != np.bool_ or self.closes.shape not in {(0,), self.at.shape}:
            return "closes is bool[N], or empty"
        if any(
            not (each.then == -1 or n < each.then < len(self.requests))
            for n, each in enumerate(self.requests)
        ):
            return "what follows a request lies behind it in requests"
        return ""

    def write(self, folder: Path) -> None:
        """Write both files into `folder`, which exists."""
        # The variants of a spec share one check.
        checks = {id(each.check): each.check for each in self.requests if each.check is not None}
        numbers = {key: number for number, key in enumerate(checks)}
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
                {
                    "name": payload.name,
                    "data": base64.b64encode(payload.data).decode(),
                    "check": -1 if payload.check is None else numbers[id(payload.check)],
                    "then": payload.then,
                    "pause_ns": payload.pause_ns,
                    "reads": payload.reads,
                }
                for payload in self.requests
            ],
            "checks": [asdict(check) for check in checks.values()],
        }
        descriptor = os.open(folder / PLAN, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, 0o600)  # of a file that was there already, too
            file.write(json.dumps(document) + "\n")
        np.savez(folder / SCHEDULE, at=self.at, request=self.request, closes=self.closes)

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """Read what `write` wrote; UsageError names the file that is missing or malformed."""
        path = folder / PLAN
        try:
            fields = _fields(json.loads(path.read_bytes()))
            path = folder / SCHEDULE
            with np.load(path, allow_pickle=False) as arrays:
                at, request, closes = arrays["at"], arrays["request"], arrays["closes"]
        except OSError as error:
            raise UsageError(error.strerror or "cannot be read", place=str(path)) from None
        except KeyError as error:
            # numpy says "request is not a file in the archive"
            raise UsageError(f"{str(error.args[0]).split()[0]} is missing", place=str(path)) from None
        except (ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise UsageError(f"malformed: {error}", place=str(path)) from None
        try:
            return cls(**fields, at=at, request=request, closes=closes)
        except UsageError as error:
            raise UsageError(error.message, place=str(folder)) from None


def _fields(document: dict[str, Any]) -> dict[str, Any]:
    if (document["schema"], document["version"]) != (_SCHEMA, _VERSION):
        raise ValueError(f"expected {_SCHEMA} version {_VERSION}")
    checks = [_check(entry) for entry in document["checks"]]
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
            Payload(
                str(entry["name"]),
                base64.b64decode(entry["data"], validate=True),
                None if entry["check"] < 0 else checks[entry["check"]],
                int(entry["then"]),
                int(entry["pause_ns"]),
                None if entry["reads"] is None else float(entry["reads"]),
            )
            for entry in document["requests"]
        ),
    }


def _check(entry: dict[str, Any]) -> Check:
    return Check(
        status=tuple(entry["status"]),
        values=tuple((tuple(path), wanted) for path, wanted in entry["values"]),
        contains=str(entry["contains"]),
        take=tuple(
            (str(name), where if isinstance(where, str) else tuple(where)) for name, where in entry["take"]
        ),
    )
