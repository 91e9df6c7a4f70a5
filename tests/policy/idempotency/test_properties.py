"""What holds of keys whatever happens: two workers, crashes, leases that run out, clocks that jump."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from holdfast.errors import KeyInFlight, KeyReused, OutcomeUnknown
from holdfast.events import Bus
from holdfast.policy.idempotency import (
    Answer,
    Claim,
    Effect,
    IdempotencyConfig,
    IdempotencyGuard,
    KeyId,
    State,
)
from holdfast.policy.idempotency.store.memory import MemoryStore
from tests.policy.idempotency.stores import Wall

# A request may stand still for longer than its retention: then its key is another one's, and what it does
# elsewhere afterwards is beyond any key. So the retention is out of reach here.
LEASE, RETENTION = 10.0, 1e9
# Few, so that requests meet: what is looked for is a key that three holders have had.
KEYS = ("a",)
PAYLOADS = (b"1" * 32,) * 5 + (b"2" * 32,)
PASSING = (LEASE + 1, LEASE + 1, LEASE + 1, LEASE / 2, -LEASE, -1.0)


class Worker:
    """A process: its guard, and the requests that it is in the middle of."""

    def __init__(self, store: MemoryStore, config: IdempotencyConfig) -> None:
        self.guard = IdempotencyGuard(config, store, bus=Bus())
        self.inside: list[Request] = []


class Request:
    def __init__(self, claim: Claim, payload: bytes, number: int) -> None:
        self.claim = claim
        self.payload = payload
        self.answer = Answer(200, (), b"%d" % number)
        self.effect = False


class Keys(RuleBasedStateMachine):
    """`effects` is the world: what was really done for a key, since its last retention ran out."""

    effect = Effect.ELSEWHERE

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.wall = Wall()
        self.store = MemoryStore(self.wall)
        self.config = IdempotencyConfig(effect=self.effect, lease=LEASE, retention=RETENTION)
        self.workers = [Worker(self.store, self.config) for _ in range(2)]
        self.effects: dict[str, list[Answer]] = {key: [] for key in KEYS}
        self.answered: dict[str, Answer] = {}
        self.payload: dict[str, bytes] = {}
        self.holder: dict[str, str] = {}
        self.numbers = 0

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            for worker in self.workers:
                for request in worker.inside:
                    request.claim.cancel()
            self.loop.run_until_complete(asyncio.sleep(0))
            self.loop.close()

    def wait(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @rule(number=st.integers(0, 1), key=st.sampled_from(KEYS), payload=st.sampled_from(PAYLOADS))
    def arrive(self, number: int, key: str, payload: bytes) -> None:
        worker = self.workers[number]
        held = self.store._records.get(KeyId("", key))
        if held is None or (held.expires <= self.wall.at and held.lease <= self.wall.at):
            self.forget(key)
        try:
            found = self.wait(worker.guard.enter(KeyId("", key), payload, "POST /"))
        except KeyInFlight:
            assert self.payload[key] == payload
            return
        except OutcomeUnknown:
            assert self.payload[key] == payload
            self.holder.pop(key, None)
            return
        except KeyReused:
            assert self.payload[key] != payload
            return
        if isinstance(found, Answer):
            assert self.payload[key] == payload
            assert found == self.answered[key], "everybody reads the same answer"
            return
        assert key not in self.answered, "what was answered never runs again"
        assert self.payload.get(key, payload) == payload
        self.payload[key] = payload
        self.holder[key] = found.token
        self.numbers += 1
        worker.inside.append(Request(found, payload, self.numbers))

    def forget(self, key: str) -> None:
        self.answered.pop(key, None)
        self.payload.pop(key, None)
        self.holder.pop(key, None)
        self.effects[key].clear()

    def pick(self, data: Any) -> tuple[Worker, Request]:
        worker = data.draw(st.sampled_from([w for w in self.workers if w.inside]))
        return worker, data.draw(st.sampled_from(worker.inside))

    @precondition(lambda self: any(w.inside for w in self.workers))
    @rule(data=st.data())
    def act(self, data: Any) -> None:
        """The effect happens, where it is not part of the key's own transaction."""
        _, request = self.pick(data)
        if self.effect is Effect.ELSEWHERE and not request.effect:
            request.effect = True
            self.effects[request.claim.key.key].append(request.answer)

    @precondition(lambda self: any(w.inside for w in self.workers))
    @rule(data=st.data())
    def complete(self, data: Any) -> None:
        worker, request = self.pick(data)
        key = request.claim.key.key
        if self.effect is Effect.ELSEWHERE and not request.effect:
            request.effect = True
            self.effects[key].append(request.answer)
        kept = self.wait(request.claim.complete(request.answer))
        worker.inside.remove(request)
        assert kept == (self.holder.get(key) == request.claim.token), "only the last holder writes"
        if kept:
            assert key not in self.answered
            self.answered[key] = request.answer
            if self.effect is Effect.TRANSACTION:
                self.effects[key].append(request.answer)  # committed with the key, or not at all

    @precondition(lambda self: any(w.inside for w in self.workers))
    @rule(data=st.data())
    def fail(self, data: Any) -> None:
        worker, request = self.pick(data)
        worker.inside.remove(request)
        free, key = self.effect is not Effect.ELSEWHERE, request.claim.key.key
        before = self.store._records.get(request.claim.key)
        self.wait(request.claim.free() if free else request.claim.abandon())
        if self.holder.get(key) != request.claim.token or key in self.answered:
            assert self.store._records.get(request.claim.key) == before
            return
        del self.holder[key]
        if free:
            assert request.claim.key not in self.store._records
            self.payload.pop(key, None)

    @precondition(lambda self: any(w.inside for w in self.workers))
    @rule(data=st.data())
    def renew(self, data: Any) -> None:
        _, request = self.pick(data)
        self.wait(self.store.renew(request.claim.key, request.claim.token, LEASE))

    @rule(number=st.integers(0, 1))
    def crash(self, number: int) -> None:
        """SIGKILL: nothing is written any more."""
        for request in self.workers[number].inside:
            request.claim.settled = True
            request.claim.cancel()
        self.workers[number] = Worker(self.store, self.config)

    @rule(seconds=st.sampled_from(PASSING))
    def clock(self, seconds: float) -> None:
        """Time passes while nobody renews, as by SIGSTOP; or the clock is set back."""
        self.wall.at += seconds

    @precondition(lambda self: any(w.inside for w in self.workers))
    @rule(data=st.data(), number=st.integers(0, 1))
    def stand_still(self, data: Any, number: int) -> None:
        """A holder stands still for longer than its lease, and the same request comes again."""
        _, request = self.pick(data)
        self.wall.at += LEASE + 1
        self.arrive(number, request.claim.key.key, request.payload)

    @rule(most=st.integers(1, 3))
    def sweep(self, most: int) -> None:
        before = {key.key for key in self.store._records}
        self.wait(self.store.sweep(most))
        for key in before - {key.key for key in self.store._records}:
            self.forget(key)

    @invariant()
    def never_two(self) -> None:
        if hasattr(self, "effects"):
            for key, made in self.effects.items():
                assert len(made) <= 1, f"{key} had {len(made)} effects"

    @invariant()
    def what_was_answered_had_its_effect(self) -> None:
        if hasattr(self, "effects"):
            for key, answer in self.answered.items():
                assert self.effects[key] in ([answer], [])
                record = self.store._records.get(KeyId("", key))
                assert record is None or record.state is State.DONE


class TransactionKeys(Keys):
    effect = Effect.TRANSACTION


TestElsewhere = Keys.TestCase
TestElsewhere.settings = settings(max_examples=100, stateful_step_count=40)
TestTransaction = TransactionKeys.TestCase
TestTransaction.settings = settings(max_examples=100, stateful_step_count=40)
