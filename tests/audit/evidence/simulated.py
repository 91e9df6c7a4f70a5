"""A loop with requests that hold it, in virtual time: what a gate would measure of it."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass

from holdfast.audit.evidence.observed import Load
from holdfast.audit.evidence.prediction import Spared

LIGHT, HEAVY = "GET /light", "GET /heavy"
_SHARES = (0.5, 0.9, 0.95, 0.99, 0.999)


@dataclass(frozen=True, slots=True)
class Run:
    load: Load
    stalls: Spared

    @property
    def p99(self) -> float:
        return self.load.percentiles[0.99]


def run(
    *, seed: int, count: int = 20_000, rate: float, light: float, heavy: float, share: float, thread: bool
) -> Run:
    """Requests arrive at random and take `light` seconds of the loop on average; a `share` of them hold it
    for `heavy` seconds more, or a thread (`thread`). The random numbers are the same with a thread."""
    chance = random.Random(seed)
    now, free, ended = 0.0, 0.0, list[float]()
    latencies, answers = list[float](), Counter[str]()
    stalled, victims = 0.0, 0
    for _ in range(count):
        now += chance.expovariate(rate)
        takes, holds = chance.expovariate(1 / light), chance.random() < share
        begins = max(now, free)
        free = begins + takes
        if holds and not thread:
            ended = [one for one in ended if one > begins]
            stalled, victims = stalled + heavy, victims + len(ended)
            free += heavy
        done = free + heavy if holds and thread else free
        ended.append(done)
        latencies.append(done - now)
        answers[HEAVY if holds else LIGHT] += 1
    latencies.sort()
    known = {each: latencies[math.ceil(each * count) - 1] for each in _SHARES}
    return Run(
        Load("gate.json", "steady", now, 1, dict(answers), known), Spared(stalled, victims, answers[HEAVY])
    )
