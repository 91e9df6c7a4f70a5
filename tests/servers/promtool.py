"""Prometheus' own checker of metrics and rules.

`promtool` is its path. Where it is not installed its tests are skipped, and fail where CI=true: there nobody
reads what was skipped.
"""

from __future__ import annotations

import os
import shutil

import pytest


@pytest.fixture(scope="session")
def promtool() -> str:
    """Return the path of promtool; skip the test where there is none, or fail it in CI."""
    found = shutil.which("promtool")
    if found is None:
        reason = "no promtool on PATH"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found
