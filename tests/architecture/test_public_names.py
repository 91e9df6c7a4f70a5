"""The names that users may rely on; adding or removing one is a decision, and shows here."""

from __future__ import annotations

import subprocess
import sys

import holdfast
from holdfast import errors, events


def test_the_face() -> None:
    assert holdfast.__all__ == [
        "Budget",
        "Holdfast",
        "__version__",
        "deadline",
        "errors",
        "remaining",
        "request_id",
        "to_thread",
    ]
    assert all(hasattr(holdfast, name) for name in holdfast.__all__)


def test_what_is_there_is_listed_and_nothing_else_is_found() -> None:
    assert set(holdfast.__all__) <= set(dir(holdfast))
    assert not hasattr(holdfast, "Fragile")


def test_the_errors() -> None:
    assert errors.__all__ == [
        "BootFailed",
        "BreakerOpen",
        "BudgetError",
        "BulkheadFull",
        "CallFailed",
        "DeadlineExceeded",
        "DependencyUnavailable",
        "HoldfastError",
        "KeyInFlight",
        "KeyInvalid",
        "KeyReused",
        "MissingNumber",
        "NotMeasured",
        "OffloadFull",
        "RateLimited",
        "Refusal",
        "Shed",
        "StorageFull",
        "Throttled",
        "UploadRefused",
        "UploadTooLarge",
        "UploadUnsupported",
        "UsageError",
        "WorkerDied",
    ]
    tree = errors.__doc__ or ""
    assert all(name in tree for name in errors.__all__)


def test_the_events() -> None:
    assert events.__all__ == [
        "BreakerChanged",
        "Bus",
        "CacheUsed",
        "CallEnded",
        "ConnectionWaited",
        "DataAccessSeen",
        "Event",
        "KeyDecided",
        "RateExceeded",
        "RateUnchecked",
        "ReadRouted",
        "RequestRefused",
        "RetryDecided",
        "StallSeen",
    ]


def test_importing_starts_nothing_and_needs_no_extra() -> None:
    code = (
        "import sys, threading, holdfast\n"
        "assert threading.active_count() == 1\n"
        "extra = {'gunicorn', 'uvicorn', 'uvloop', 'httpx2', 'numpy', 'typer', 'rich'} & set(sys.modules)\n"
        "assert not extra, extra\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
