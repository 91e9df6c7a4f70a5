from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.policy.breaker import TABLE, Signal, State, diagram
from holdfast.policy.breaker.states import follow
from holdfast.telemetry.recorder import BREAKER_STATES


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
        "    closed --> open: the share of failures is reached\n"
        "    closed --> open: the share of slow calls is reached\n"
        "    open --> half_open: the open time is over\n"
        "    half_open --> open: the share of failures is reached among the trials\n"
        "    half_open --> closing: the trials can no longer reach the share of failures\n"
        "    closing --> open: the share of failures is reached\n"
        "    closing --> open: the share of slow calls is reached\n"
        "    closing --> closed: the ramp is over, or there is none\n"
        "    held_open --> half_open: released by hand\n"
        "    held_closed --> closed: released by hand\n"
        "    any_state --> held_open: opened by hand\n"
        "    any_state --> held_closed: closed by hand\n"
    )


def test_the_documentation_draws_it() -> None:
    document = Path(__file__).parents[3] / "docs" / "dependencies.md"
    assert f"```mermaid\n{diagram()}```" in document.read_text(encoding="utf-8")


def test_three_words_are_shown() -> None:
    assert {state.shown for state in State} == set(BREAKER_STATES)
