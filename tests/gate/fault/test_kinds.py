from __future__ import annotations

import pytest

from holdfast.errors import UsageError
from holdfast.gate.fault.kinds import Blackhole, Brownout, Fault, Refuse, Reset, Slow


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Slow(2.0), "slow", "every answer 2 s late"),
        (Slow(0.25, 0.0625), "slow", "every answer 250 ms late (± 62.5 ms)"),
        (Refuse(), "refuse", "connections refused, open ones closed"),
        (Reset(), "reset", "every connection reset"),
        (Blackhole(), "blackhole", "connections accepted, nothing answered"),
        (Brownout(0.3), "brownout", "30% of the calls reset"),
    ],
)
def test_describes_itself(fault: Fault, kind: str, words: str) -> None:
    assert (fault.kind, fault.describe()) == (kind, words)


def test_impossible_faults_are_refused() -> None:
    for delay, jitter in ((-1, 0), (0.1, 0.2), (1, -0.1), (float("nan"), 0)):
        with pytest.raises(UsageError):
            Slow(delay, jitter)
    for share in (0, -0.1, 1.1, float("nan")):
        with pytest.raises(UsageError):
            Brownout(share)
