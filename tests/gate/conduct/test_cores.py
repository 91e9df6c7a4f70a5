from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.conduct.cores import divide


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="affinity is Linux's")
@given(st.sets(st.integers(0, 255), min_size=2, max_size=64))
def test_the_gate_gets_one_core_and_the_service_the_others(granted: set[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "sched_getaffinity", lambda _: granted)
        cores = divide()
    assert cores.gate == {max(granted)}
    assert cores.service == granted - cores.gate
    assert not cores.shared


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="affinity is Linux's")
def test_a_single_core_is_shared_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    cores = divide()
    assert cores.service == cores.gate == {3}
    assert cores.shared


def test_where_affinity_is_unknown_there_is_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert divide().shared
