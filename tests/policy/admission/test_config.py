"""Contradictions."""

from __future__ import annotations

import pytest

from holdfast.policy.admission import AdmissionConfig


@pytest.mark.parametrize(
    "bad", [{"limit": 0}, {"limit": 1, "queue": -1}, {"limit": 1, "queue": 1, "wait": 0.0}, {"limit": None}]
)
def test_contradictions(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must|nothing to enforce"):
        AdmissionConfig(**bad)
