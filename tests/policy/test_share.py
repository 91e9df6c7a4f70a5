from __future__ import annotations

import pytest

from holdfast.policy.require import at_least, positive
from holdfast.policy.share import share


@pytest.mark.parametrize(("total", "processes", "one"), [(20, 1, 20), (20, 3, 6), (2, 3, 1), (1, 1, 1)])
def test_share(total: int, processes: int, one: int) -> None:
    assert share(total, processes) == one


def test_nothing_to_share() -> None:
    with pytest.raises(ValueError, match="0 over 2"):
        share(0, 2)


@pytest.mark.parametrize("number", [0, -1, float("nan"), float("inf")])
def test_positive(number: float) -> None:
    positive(a=None, b=0.1)
    with pytest.raises(ValueError, match="b must be above 0"):
        positive(a=1, b=number)


def test_at_least() -> None:
    at_least(1, a=1, b=None)
    with pytest.raises(ValueError, match="a must be at least 1, not 0"):
        at_least(1, a=0)
