"""What a limit is told of a window."""

from __future__ import annotations

import math

import pytest

from holdfast.policy.admission import AdmissionConfig, Gate
from holdfast.policy.admission.core import BEAT
from tests.policy.admission.gates import Movable


def test_what_a_window_holds() -> None:
    number = Movable(2)
    g = Gate(AdmissionConfig(2, 0), number)
    g.late(0.0, 0.0)
    g.try_enter(), g.try_enter()
    g.refuses(0.01)
    for index in range(1, 6):
        g.late(index * BEAT, 0.01 * index)
    g.note(0.1, 2.0)
    g.note_failure()
    g.late(0.21, 0.2)
    window = number.windows[-1]
    assert (window.latencies, window.failed, window.lag) == ([2.0], 1, 0.2)
    assert window.seconds == pytest.approx(0.11)
    assert number.windows[0].limited == pytest.approx(1 / 6)
    assert number.windows[0].lag == pytest.approx(0.025)
    for _ in range(256):
        g.note(1.0, 2.0)
    assert len(number.windows[-1].latencies) == 256
    assert math.isnan(number.windows[-1].lag)
