from __future__ import annotations

import pytest

from holdfast.policy.mode import Mode
from holdfast.serve.gunicorn import settings
from holdfast.serve.options import Options


@pytest.mark.parametrize("mode", Mode)
def test_its_own_timeout_is_a_backstop_and_none_where_nobody_is_killed(mode: Mode) -> None:
    options = Options("a:app", 1, kill=10.0, keepalive=5.0, grace=12.0, kill_mode=mode)
    assert settings(options, 3)["timeout"] == (25 if mode is Mode.ENFORCE else 0)
