"""What a driver brings back: one row a scheduled request, in the order of the schedule."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum
from pathlib import Path
from typing import TypeAlias

import numpy as np

from holdfast.errors import UsageError

__all__ = ["RECORDS", "RETRY_AFTER", "Cause", "Outcome", "Records"]

RECORDS = "records.npz"

Int64s: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"
Int32s: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int32]]"
Int16s: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int16]]"
UInt8s: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.uint8]]"
Floats: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.float64]]"


class Cause(IntEnum):
    """Why there is no HTTP status.

    REFUSED: nothing accepts connections there. CONNECT_TIMEOUT: no connection by the request's timeout.
    RESET: the connection ended, by a reset or early, after the request was written and before the answer was
    complete; a request is never silently repeated. TIMEOUT: the driver gave up, or was stopped, while it
    waited for the answer. MALFORMED: the answer is not HTTP/1.x. NOT_SENT: the driver did not get to it
    (no connection free under `connections_max`, no descriptor or port left, or stopped): its own fault.
    """

    REFUSED = -1
    CONNECT_TIMEOUT = -2
    RESET = -3
    TIMEOUT = -4
    MALFORMED = -5
    NOT_SENT = -6


class Outcome(IntEnum):
    """What the guard says of an answer in its `holdfast-outcome` header, or the driver of one that it
    checked: WRONG_ANSWER is not what the request's `expect` says.
    """

    NONE = 0
    SHED = 1
    DEADLINE = 2
    DEPENDENCY = 3
    DEGRADED = 4
    RATELIMITED = 5
    WRONG_ANSWER = 6


RETRY_AFTER = 8
"""Added to the outcome of an answer that has a Retry-After header (looked for from status 400 up, and
wherever an outcome is given)."""


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """N rows; offsets are nanoseconds from `start_ns`, -1 never.

    `at`: int64[N], when the request was due: the *intended* start, which latency counts from; `request`:
    int32[N], which one; `sent`: int64[N], when it was written; `done`: int64[N], when the last byte of the
    answer was read, or the failure known; `status`: int16[N], the HTTP status or a `Cause`; `outcome`:
    uint8[N], an `Outcome`, plus `RETRY_AFTER`.
    `start_ns`: CLOCK_MONOTONIC at the start. `cpu_s`: CPU seconds, user and system, of the driver between
    start and end. `interrupted`: it was stopped before the schedule was through. `wrong`: of the routes with
    wrong answers, what was expected of the first.
    """

    at: Int64s
    request: Int32s
    sent: Int64s
    done: Int64s
    status: Int16s
    outcome: UInt8s
    start_ns: int
    cpu_s: float
    interrupted: bool = False
    wrong: Mapping[str, str] = field(default_factory=dict)

    def answered(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return bool[N]: a complete answer came, whatever it says."""
        return self.status > 0

    def latency(self) -> Floats:
        """Return float64[N], seconds from the intended start to the end; NaN where never done."""
        return np.where(self.done >= 0, (self.done - self.at) / 1e9, np.nan)

    def lag(self) -> Floats:
        """Return float64[N], seconds by which each request left late; NaN where never sent."""
        return np.where(self.sent >= 0, (self.sent - self.at) / 1e9, np.nan)

    def write(self, folder: Path) -> None:
        """Write records.npz into `folder`, complete or not at all."""
        partial = folder / f"{RECORDS}.partial"
        with partial.open("wb") as file:
            arrays = {each.name: np.asarray(getattr(self, each.name)) for each in fields(self)}
            arrays["wrong"] = np.asarray(json.dumps(dict(self.wrong)))
            np.savez(file, allow_pickle=False, **arrays)
        partial.replace(folder / RECORDS)

    @classmethod
    def read(cls, folder: Path) -> Records:
        """Read what `write` wrote; UsageError where it is missing or malformed."""
        path = folder / RECORDS
        try:
            with np.load(path, allow_pickle=False) as arrays:
                values = {each.name: arrays[each.name] for each in fields(cls)}
                values["wrong"] = json.loads(values["wrong"].item())
        except OSError as error:
            raise UsageError(error.strerror or "cannot be read", place=str(path)) from None
        except (KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise UsageError(f"malformed: {error}", place=str(path)) from None
        for name in ("start_ns", "cpu_s", "interrupted"):
            values[name] = values[name].item()
        return cls(**values)
