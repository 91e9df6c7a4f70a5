from __future__ import annotations

import pytest

from holdfast.policy.deadline import DeadlineConfig, allot, tighter
from holdfast.policy.mode import Mode


@pytest.mark.parametrize(
    ("config", "asked", "granted"),
    [
        (DeadlineConfig(default=2.0, cap=5.0), None, 2.0),
        (DeadlineConfig(default=2.0, cap=5.0), 0.5, 0.5),
        (DeadlineConfig(default=2.0, cap=5.0), 4.0, 4.0),
        (DeadlineConfig(default=2.0, cap=5.0), 60.0, 5.0),
        (DeadlineConfig(default=2.0), 60.0, 2.0),  # without a cap nobody gets more than the default
        (DeadlineConfig(default=2.0), 0.0, 0.0),
        (DeadlineConfig(cap=5.0), None, None),
        (DeadlineConfig(cap=5.0), 60.0, 5.0),
        (DeadlineConfig(), 1.0, 1.0),
        (DeadlineConfig(), None, None),
    ],
)
def test_allot(config: DeadlineConfig, asked: float | None, granted: float | None) -> None:
    assert allot(config, 100.0, asked) == (None if granted is None else 100.0 + granted)


def test_tighter() -> None:
    assert tighter(None, None) is None
    assert tighter(1.0, None) == 1.0
    assert tighter(None, 1.0) == 1.0
    assert tighter(2.0, 1.0) == 1.0


@pytest.mark.parametrize("bad", [{"default": 0.0}, {"cap": -1.0}, {"default": 3.0, "cap": 2.0}])
def test_contradictions(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above"):
        DeadlineConfig(**bad)


def test_without_a_default_it_observes() -> None:
    assert DeadlineConfig.from_budget(None).mode is Mode.OBSERVE
    assert DeadlineConfig.from_budget(DeadlineConfig(cap=3.0)).mode is Mode.OBSERVE
    assert DeadlineConfig.from_budget(DeadlineConfig(default=2.0)) == DeadlineConfig(default=2.0)
