from __future__ import annotations

import pytest

from holdfast.policy.breaker import TABLE, Signal, State, diagram
from holdfast.policy.breaker.states import follow


def test_the_table_is_a_function_and_every_state_can_be_left() -> None:
    assert len({(row.state, row.signal) for row in TABLE}) == len(TABLE)
    assert {row.state for row in TABLE} == set(State) == {row.next for row in TABLE}
    assert {row.signal for row in TABLE} == set(Signal)


def test_what_is_not_in_the_table_does_not_happen() -> None:
    with pytest.raises(KeyError):
        follow(State.CLOSED, Signal.RESTED)


def test_the_diagram_is_the_table() -> None:
    assert diagram() == (
        "stateDiagram-v2\n"
        "    [*] --> closed\n"
        "    closed --> open: the failure ratio of the window is reached\n"
        "    open --> half_open: the open time is over\n"
        "    half_open --> open: the failure ratio is reached among the trials\n"
        "    half_open --> closed: the trials can no longer reach the failure ratio\n"
    )
