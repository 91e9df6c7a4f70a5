"""What an idempotency key allows, as two tables.

`DECISIONS` says what happens to a request by what is known of its key, and `MOVES` what the holder of a key
may write. Pure: times are seconds of the store's own clock, which all workers share, so that no two of them
can disagree about a lease.

The token is the fence: every claim has one of its own, never used twice, and every write of a holder names
it. Whoever takes a key away from a holder replaces the token with that, so that the old holder's writes find
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from holdfast.policy.idempotency.answer import Answer

__all__ = [
    "DECISIONS",
    "MOVES",
    "Move",
    "Record",
    "Situation",
    "State",
    "Verdict",
    "decide",
    "decisions_markdown",
    "situation",
]


class State(Enum):
    """What is stored of a key; nothing is stored of one that is free."""

    RUNNING = "running"
    DONE = "done"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Record:
    """What is stored of a key. `lease` and `expires`: when they end, seconds of the store's clock.

    `repeatable`: a holder that vanished left no effect, or none that a second run would add to. `answer` is
    there when the state is DONE.
    """

    state: State
    token: str
    fingerprint: bytes
    repeatable: bool
    lease: float
    expires: float
    route: str = ""
    answer: Answer | None = None


class Situation(Enum):
    """What is known of a key at a moment."""

    FREE = "nothing is stored"
    HELD = "running, its lease holds"
    LAPSED = "running, its lease is over, the effect can be repeated"
    CRASHED = "running, its lease is over, the effect cannot be repeated"
    DONE = "done"
    UNKNOWN = "outcome unknown"
    FORGOTTEN = "its retention is over"


class Verdict(Enum):
    """What happens to a request that brings a key."""

    RUN = "run"
    TAKE_OVER = "take over, then run"
    REPLAY = "replay the stored answer"
    IN_FLIGHT = "409, in flight"
    MISMATCH = "422, another payload"
    DECLARE = "write down that the outcome is unknown, then 409"
    UNKNOWN = "409, outcome unknown"


DECISIONS: Mapping[tuple[Situation, bool], Verdict] = {
    # what is known of the key, whether the payload is the same
    (Situation.FREE, True): Verdict.RUN,
    (Situation.FREE, False): Verdict.RUN,
    (Situation.HELD, True): Verdict.IN_FLIGHT,
    (Situation.HELD, False): Verdict.MISMATCH,
    (Situation.LAPSED, True): Verdict.TAKE_OVER,
    (Situation.LAPSED, False): Verdict.MISMATCH,
    (Situation.CRASHED, True): Verdict.DECLARE,
    (Situation.CRASHED, False): Verdict.MISMATCH,
    (Situation.DONE, True): Verdict.REPLAY,
    (Situation.DONE, False): Verdict.MISMATCH,
    (Situation.UNKNOWN, True): Verdict.UNKNOWN,
    (Situation.UNKNOWN, False): Verdict.MISMATCH,
    (Situation.FORGOTTEN, True): Verdict.TAKE_OVER,
    (Situation.FORGOTTEN, False): Verdict.TAKE_OVER,
}


class Move(Enum):
    """What the holder of a key may want to write."""

    RENEW = "renew the lease"
    COMPLETE = "store the answer"
    FREE = "free the key"
    ABANDON = "say that the outcome is unknown"


MOVES: Mapping[Move, tuple[frozenset[State], State | None]] = {
    # from which states, with the holder's own token; to which, None being free. All else is refused.
    Move.RENEW: (frozenset({State.RUNNING}), State.RUNNING),
    # Also of what it has completed itself: it may not have heard that its write arrived.
    Move.COMPLETE: (frozenset({State.RUNNING, State.DONE}), State.DONE),
    Move.FREE: (frozenset({State.RUNNING}), None),
    Move.ABANDON: (frozenset({State.RUNNING}), State.UNKNOWN),
}


def situation(record: Record | None, now: float) -> Situation:
    """Return what is known of a key at `now`."""
    if record is None:
        return Situation.FREE
    running = record.state is State.RUNNING
    if running and now < record.lease:
        return Situation.HELD
    if now >= record.expires:
        return Situation.FORGOTTEN
    if running:
        return Situation.LAPSED if record.repeatable else Situation.CRASHED
    return Situation.DONE if record.state is State.DONE else Situation.UNKNOWN


def decide(record: Record | None, fingerprint: bytes, now: float) -> Verdict:
    """Return what happens to a request with `fingerprint`, `record` being what its key has stored."""
    same = record is None or record.fingerprint == fingerprint
    return DECISIONS[situation(record, now), same]


def decisions_markdown() -> str:
    """Return `DECISIONS` as the table in docs/idempotency.md."""
    rows = ["| Known of the key | The same payload | Another payload |", "|---|---|---|"]
    for known in Situation:
        same, other = DECISIONS[known, True], DECISIONS[known, False]
        rows.append(f"| {known.value} | {same.value} | {other.value} |")
    return "\n".join(rows)
