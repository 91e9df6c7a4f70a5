"""The breaker's states as a table. The breaker moves by it, and the documentation draws it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["TABLE", "Row", "Signal", "State", "diagram", "follow"]


class State(Enum):
    """What may pass: closed: every call. Open: none. Half-open: trials. Closing: a share that rises.

    Held: by hand, whatever the outcomes. `shown` is the word that metrics and logs have for it.
    """

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
    CLOSING = "closing"
    HELD_OPEN = "held open"
    HELD_CLOSED = "held closed"

    @property
    def shown(self) -> str:
        """One of "closed", "half-open" (some calls pass) and "open"."""
        return _SHOWN.get(self, self.value)


class Signal(Enum):
    """What moves a breaker."""

    FAILING = "the share of failures is reached"
    SLOW = "the share of slow calls is reached"
    RESTED = "the open time is over"
    TRIALS_FAILED = "the share of failures is reached among the trials"
    TRIALS_PASSED = "the trials can no longer reach the share of failures"
    RAMPED = "the ramp is over, or there is none"
    OPENED_BY_HAND = "opened by hand"
    CLOSED_BY_HAND = "closed by hand"
    RELEASED = "released by hand"


@dataclass(frozen=True, slots=True)
class Row:
    """In `state`, `signal` leads to `next`."""

    state: State
    signal: Signal
    next: State


TABLE: tuple[Row, ...] = (
    Row(State.CLOSED, Signal.FAILING, State.OPEN),
    Row(State.CLOSED, Signal.SLOW, State.OPEN),
    Row(State.OPEN, Signal.RESTED, State.HALF_OPEN),
    Row(State.HALF_OPEN, Signal.TRIALS_FAILED, State.OPEN),
    Row(State.HALF_OPEN, Signal.TRIALS_PASSED, State.CLOSING),
    Row(State.CLOSING, Signal.FAILING, State.OPEN),
    Row(State.CLOSING, Signal.SLOW, State.OPEN),
    Row(State.CLOSING, Signal.RAMPED, State.CLOSED),
    *(Row(state, Signal.OPENED_BY_HAND, State.HELD_OPEN) for state in State),
    *(Row(state, Signal.CLOSED_BY_HAND, State.HELD_CLOSED) for state in State),
    Row(State.HELD_OPEN, Signal.RELEASED, State.HALF_OPEN),
    Row(State.HELD_CLOSED, Signal.RELEASED, State.CLOSED),
)

_SHOWN = {State.CLOSING: "half-open", State.HELD_OPEN: "open", State.HELD_CLOSED: "closed"}

_NEXT = {(row.state, row.signal): row.next for row in TABLE}

_FROM_ANYWHERE = frozenset({Signal.OPENED_BY_HAND, Signal.CLOSED_BY_HAND})


def follow(state: State, signal: Signal) -> State:
    """Return the next state; a pair that is not in the table is a mistake in this package (KeyError)."""
    return _NEXT[state, signal]


def diagram() -> str:
    """Return the table as a Mermaid state diagram; what leads somewhere from every state stands once."""
    lines = ["stateDiagram-v2", f"    [*] --> {_id(State.CLOSED)}"]
    for row in TABLE:
        if row.signal in _FROM_ANYWHERE:
            continue
        lines.append(f"    {_id(row.state)} --> {_id(row.next)}: {row.signal.value}")
    anywhere = {row.next: row.signal for row in TABLE if row.signal in _FROM_ANYWHERE}
    lines += [f"    any_state --> {_id(state)}: {signal.value}" for state, signal in anywhere.items()]
    return "\n".join(lines) + "\n"


def _id(state: State) -> str:
    return state.value.replace("-", "_").replace(" ", "_")
