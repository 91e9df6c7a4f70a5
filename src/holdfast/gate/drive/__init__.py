"""The driver: sends a schedule as it is, whatever the service does, and records every request.

`python -m holdfast.gate.drive DIR` runs a plan in a process of its own; `drive` and `Engine` in this one.
"""

from __future__ import annotations

from holdfast.gate.drive.engine import Engine
from holdfast.gate.drive.plan import PLAN, SCHEDULE, Plan
from holdfast.gate.drive.progress import Progress, Snapshot
from holdfast.gate.drive.records import RECORDS, RETRY_AFTER, Cause, Outcome, Records
from holdfast.gate.drive.session import drive

__all__ = [
    "PLAN",
    "RECORDS",
    "RETRY_AFTER",
    "SCHEDULE",
    "Cause",
    "Engine",
    "Outcome",
    "Plan",
    "Progress",
    "Records",
    "Snapshot",
    "drive",
]
