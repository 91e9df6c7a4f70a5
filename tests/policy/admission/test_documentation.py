"""The example of docs/admission.md is run as it stands there."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from holdfast.policy.admission import AdmissionConfig, Window

PAGE = Path(__file__).parents[3] / "docs" / "admission.md"


def test_a_number_and_a_gate_of_ones_own() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("## A number and a gate of your own")[2]
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)
    config = AdmissionConfig(20)
    limit = names["Steady"](config)
    gate = names["Reserved"](config, limit)
    assert sum(gate.try_enter() for _ in range(30)) == 19
    limit.learn(Window(1.0, 0.1, [0.02] * 30, 0, 20.0, 1.0, 0.001))
    assert limit.value == 30
    limit.learn(Window(2.0, 0.1, [], 5, 20.0, 1.0, math.nan))
    assert limit.value == 15


def test_the_page_names_the_limits_that_there_are() -> None:
    from holdfast.budget.model.door import ALGORITHMS

    page = PAGE.read_text(encoding="utf-8")
    assert all(f'"{name}"' in page for name in ALGORITHMS)
