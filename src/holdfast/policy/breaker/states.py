"""The breaker's states as a table. The breaker moves by it, and the documentation draws it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["TABLE", "Row", "Signal", "State", "diagram", "follow"]


class State(Enum):
    """Closed: calls pass. Open: none does. Half-open: a bounded number of trials passes."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Signal(Enum):
    """What moves a breaker."""

    FAILING = "the failure ratio of the window is reached"
    RESTED = "the open time is over"
    TRIALS_FAILED = "the failure ratio is reached among the trials"
    TRIALS_PASSED = "the trials can no longer reach the failure ratio"


@dataclass(frozen=True, slots=True)
class Row:
    """In `state`, `signal` leads to `next`."""

    state: State
    signal: Signal
    next: State


TABLE: tuple[Row, ...] = (
    Row(State.CLOSED, Signal.FAILING, State.OPEN),
    Row(State.OPEN, Signal.RESTED, State.HALF_OPEN),
    Row(State.HALF_OPEN, Signal.TRIALS_FAILED, State.OPEN),
    Row(State.HALF_OPEN, Signal.TRIALS_PASSED, State.CLOSED),
)

_NEXT = {(row.state, row.signal): row.next for row in TABLE}


def follow(state: State, signal: Signal) -> State:
    """Return the next state; a pair that is not in the table is a mistake in this package (KeyError)."""
    return _NEXT[state, signal]


def diagram() -> str:
    """Return the table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {_id(State.CLOSED)}"]
    lines += [f"    {_id(row.state)} --> {_id(row.next)}: {row.signal.value}" for row in TABLE]
    return "\n".join(lines) + "\n"


def _id(state: State) -> str:
    return state.value.replace("-", "_")
