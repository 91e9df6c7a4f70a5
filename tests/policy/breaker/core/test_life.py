"""Any history of a breaker."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from holdfast.policy.breaker import Breaker, State
from holdfast.policy.outcome import Outcome
from tests.policy.breaker.core.made import CONFIG, NONE


class Life(RuleBasedStateMachine):
    """Any history: half-open never has more than its permits out, changes follow the table, time is kept."""

    @initialize(
        half_open=st.integers(1, 3),
        failures=st.sampled_from([0.1, 0.5, 1.0]),
        slow=st.sampled_from([(None, None), (0.5, 0.5)]),
        ramp=st.sampled_from([0.0, 4.0]),
        window=st.sampled_from([(10.0, None), (None, 8)]),
    )
    def build(self, half_open: int, failures: float, slow: Any, ramp: float, window: Any) -> None:
        self.config = replace(
            CONFIG,
            half_open=half_open,
            failures=failures,
            slow=slow[0],
            slow_share=slow[1],
            ramp=ramp,
            window=window[0],
            calls=window[1],
        )
        self.moves: list[tuple[float, State, State]] = []
        self.breaker = Breaker(
            self.config, changed=lambda at, old, new, why: self.moves.append((at, old, new))
        )
        self.now = 50.0
        self.calls: list[tuple[int, float, int]] = []  # token, since, era
        self.concluded = 0
        self.era = 0

    @rule(times=st.integers(1, 6))
    def call(self, times: int) -> None:
        for _ in range(times):
            was = self.breaker.state
            token = self.breaker.acquire(self.now)
            self._watch()
            slow = self.config.slow is not None
            assert slow or was is not State.CLOSED or token is not None
            if token is not None:
                self.calls.append((token, self.now, self.era))

    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def end(self, data: st.DataObject, outcome: Outcome) -> None:
        if self.calls:
            token, since, era = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
            live = era == self.era and since + (self.config.lease or 0) > self.now
            before = self.breaker.state
            self.breaker.settle(token, outcome, self.now)
            if before is State.HALF_OPEN and live and outcome is not NONE:
                self.concluded += 1
            if not live and before is State.HALF_OPEN:
                assert self.breaker.state is before
            self._watch()

    @rule(seconds=st.floats(0, 7))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    def _watch(self) -> None:
        if len(self.moves) != self.era:
            self.era = len(self.moves)
            self.concluded = 0

    @invariant()
    def bounded(self) -> None:
        if not hasattr(self, "breaker") or self.breaker.state is not State.HALF_OPEN:
            return
        lease = self.config.lease or 0
        out = sum(1 for _, since, era in self.calls if era == self.era and since + lease > self.now)
        assert out + self.concluded <= self.config.half_open

    @invariant()
    def rests(self) -> None:
        if hasattr(self, "moves"):
            for (at, _, new), (then, old, _) in zip(self.moves, self.moves[1:], strict=False):
                assert new is old
                assert new is not State.OPEN or then - at >= self.config.open - 1e-9


TestLife = Life.TestCase
