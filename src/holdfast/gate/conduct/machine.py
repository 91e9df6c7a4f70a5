"""Where a run was made: a figure without its machine means nothing."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from holdfast.gate.result import Machine

__all__ = ["describe"]

_PACKAGES = ("holdfast", "fastapi", "starlette", "uvicorn", "gunicorn", "uvloop", "httptools", "pydantic")


def describe() -> Machine:
    """Describe this machine and the versions that matter to a result."""
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return Machine(
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        kernel=f"{platform.system()} {platform.release()}",
        versions=versions,
    )


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
