from __future__ import annotations

from collections.abc import Callable

import pytest

from holdfast.errors import UsageError
from holdfast.gate.fault.kinds import (
    Blackhole,
    Brownout,
    Corrupt,
    Error,
    FailFirst,
    Fault,
    HalfOpen,
    Narrow,
    Refuse,
    Reset,
    Script,
    Slow,
    SlowClose,
    flap,
)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Slow(2.0), "slow", "every answer 2 s late"),
        (Slow(0.25, 0.0625), "slow", "every answer 250 ms late (± 62.5 ms)"),
        (Refuse(), "refuse", "connections refused, open ones closed"),
        (Reset(), "reset", "every connection reset"),
        (Blackhole(), "blackhole", "connections accepted, nothing answered"),
        (Blackhole("up"), "blackhole", "connections accepted, nothing of what is sent arrives"),
        (Blackhole("down"), "blackhole", "connections accepted, no answer comes back"),
        (Brownout(0.3), "brownout", "30% of the calls reset"),
        (Reset(after=64), "reset", "every connection reset after 64 bytes of its answers"),
        (HalfOpen(), "half-open", "open connections silent for good, new ones answered"),
        (Narrow(2048), "narrow", "answers at 2048 bytes/s on each connection"),
        (SlowClose(0.5), "slow-close", "connections closed by it stay open 500 ms longer"),
        (FailFirst(1), "fail-first", "the first call reset"),
        (FailFirst(5), "fail-first", "the first 5 calls reset"),
        (Corrupt(0.05), "corrupt", "a wrong byte in 5% of the packets of its answers"),
        (Error(), "error", "every call answered with an error"),
        (Error(0.3), "error", "30% of the calls answered with an error"),
        (
            flap(Refuse(), down=0.5, up=2.0),
            "flap",
            "500 ms connections refused, open ones closed, then 2 s healthy",
        ),
    ],
)
def test_describes_itself(fault: Fault | Script, kind: str, words: str) -> None:
    assert (fault.kind, fault.describe()) == (kind, words)


@pytest.mark.parametrize("number", [0, -0.1, 1.1, float("nan")])
@pytest.mark.parametrize("kind", [Brownout, Corrupt, Error])
def test_impossible_shares_are_refused(kind: Callable[[float], Fault], number: float) -> None:
    with pytest.raises(UsageError, match="wants a share above 0 and at most 1"):
        kind(number)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Slow(-1, 0),
        lambda: Slow(0.1, 0.2),
        lambda: Slow(1, -0.1),
        lambda: Slow(float("nan"), 0),
        lambda: Narrow(0),
        lambda: Narrow(float("nan")),
        lambda: SlowClose(0),
        lambda: Reset(after=0),
        lambda: FailFirst(0),
        lambda: Script(()),
        lambda: Script(((0.0, None),)),
    ],
)
def test_impossible_faults_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(UsageError, match="want"):
        make()
