"""The gate's one result: a versioned JSON document that every report renders and adds nothing to.

Times are seconds from the start of the schedule unless a field says otherwise; latencies are seconds from
the *intended* start of a request to the last byte of its answer; rates are requests a second.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = [
    "SCHEMA",
    "VERSION",
    "Calls",
    "Fault",
    "GateResult",
    "Judgement",
    "Latency",
    "Ledger",
    "Machine",
    "Noise",
    "Phase",
    "Reason",
    "Recovery",
    "Scale",
    "Series",
    "Stall",
    "StalledIn",
    "Verdict",
]

SCHEMA = "holdfast.gate"
VERSION = 1

Outcome = Literal["pass", "fail", "cannot tell", "not judged", "missing"]


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles by name ("p50" ... "p99.9"): only those that `count` supports (10 samples beyond it)."""

    count: int
    percentiles: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Fault:
    """What was done to a dependency, in words and as data; `kind` e.g. "slow", "refuse"."""

    dependency: str
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of the schedule; counts are of requests whose intended start lies in it.

    `kind`: "warmup", "steady", "overload", "fault" or "recovery". `outcomes` counts by cause: "200",
    "503 shed", "504 deadline", "429 ratelimited", "500", "client timeout", "reset", "not sent" ... `good`
    is what counts as good by [sli] *and* arrives within the objective; `goodput` = good / length. `latency`
    is over good answers, late ones too; `routes` the same by route ("GET /products").
    """

    name: str
    kind: str
    start: float
    end: float
    rate: float
    offered: int
    good: int
    goodput: float
    outcomes: Mapping[str, int]
    latency: Latency
    routes: Mapping[str, Latency]
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Series:
    """Per-bucket curves, all of one length; `t` is the start of each bucket, `step` its width in seconds.

    `offered`, `good`, `refused`, `failed` are requests a second by intended start. `p50` and `p99` are of
    the good answers of the bucket, None where there were none.
    """

    step: float
    t: Sequence[float]
    offered: Sequence[float]
    good: Sequence[float]
    refused: Sequence[float]
    failed: Sequence[float]
    p50: Sequence[float | None]
    p99: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One objective held against what was measured.

    `id`: the number's path in the budget ("objective.p99") or the gate's own hard rule ("gate.ledger");
    `required` and `measured` in `unit` ("s", "ratio", "/s", "count", "x"); `better`: "lower" or "higher".
    `place`: file:line of the number, `source`: the document it was decided in. `why`: one sentence.
    """

    id: str
    title: str
    phase: str
    required: float | None
    measured: float | None
    unit: str
    better: Literal["lower", "higher"]
    outcome: Outcome
    why: str
    place: str
    source: str


@dataclass(frozen=True, slots=True)
class Calls:
    """A dependency as the proxy saw it.

    `needed`: requests of the worst fault phase that need it, as [traffic].request says (None where nothing
    was broken); `amplification` = calls / needed there, as a multiple of the `usual`: 1 for HTTP, elsewhere
    what a request took in the steady phase. `unreachable`: attempts, at most, while nobody listened.
    `attempted`: calls as the service counts them, None where it does not. `direct`: its connections past the
    proxy; `wired`: faults are proven, else `why` not.
    """

    name: str
    kind: str
    proxied: bool
    connections: int
    seen: int
    attempted: int | None
    needed: int | None
    amplification: float | None
    amplification_phase: str
    direct: int
    wired: bool
    why: str
    usual: float | None = 1.0
    unreachable: int = 0


@dataclass(frozen=True, slots=True)
class StalledIn:
    """The stalls at one line while one phase lasted; the fields are those of `Stall`."""

    count: int
    total: float
    victims: int


@dataclass(frozen=True, slots=True)
class Stall:
    """All stalls of the loop at one line, the worst by `total` seconds first.

    `victims`: requests delayed, summed over the stalls. `sink`: the innermost frame. `phases`: the same by
    the name of each phase in which there were any; empty where that was not told.
    """

    file: str
    line: int
    function: str
    sink: str
    route: str
    count: int
    total: float
    longest: float
    victims: int
    phases: Mapping[str, StalledIn] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recovery:
    """After `after` ended at `at`, goodput was back after `seconds` (None: not within the run)."""

    after: str
    at: float
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """sent = served + refused + shed + failed + cancelled + never_accepted, or the verdict is "cannot tell".

    served: a complete answer below 500; refused: refused early at the door; shed: other 503 and 504 of the
    guard, and the 429 of its rate limits; failed: other 5xx, resets, malformed answers; cancelled: the driver
    gave up waiting; never_accepted: no connection. `not_sent`: scheduled, but the driver did not send it (its
    own fault). `problems`: in words, empty when it balances.
    """

    scheduled: int
    sent: int
    served: int
    refused: int
    shed: int
    failed: int
    cancelled: int
    never_accepted: int
    not_sent: int
    balanced: bool
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Noise:
    """Whether the machine allowed a measurement.

    `send_lag_p50`, `send_lag_p99`: seconds that the driver sent later than intended; `steal`: share of CPU
    taken by other guests of the host; `starved`: seconds that the service's loop was ready and got no CPU.
    `quiet` False makes a missed latency "cannot tell".
    """

    send_lag_p50: float
    send_lag_p99: float
    steal: float
    quiet: bool
    why: str
    starved: float = 0.0


@dataclass(frozen=True, slots=True)
class Scale:
    """At which scale it was measured: the verdict holds for no other.

    `peak`: the budget's peak for the whole service; `driven`: the rate of the steady phase;
    `share` = driven / peak; `statement`: the same in words.
    """

    workers: int
    replicas: int
    cores: float
    peak: float
    driven: float
    share: float
    statement: str


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured; `versions` of Python and of the packages that matter."""

    cpu: str
    cores: int
    kernel: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an objective failed, in words: `title` one line, `detail` the evidence, `place` file:line or ""."""

    title: str
    detail: str
    place: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision; `exit_code` as in the table of docs/exit-codes.md."""

    outcome: Literal["pass", "fail", "cannot tell", "missing"]
    exit_code: int
    summary: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """One run of the gate."""

    app: str
    service: str
    budget: str
    environment: str
    seed: int
    started: str
    duration: float
    reproduce: str
    verdict: Verdict
    scale: Scale
    machine: Machine
    noise: Noise
    ledger: Ledger
    judgements: Sequence[Judgement]
    reasons: Sequence[Reason]
    phases: Sequence[Phase]
    series: Series
    recoveries: Sequence[Recovery]
    dependencies: Sequence[Calls]
    stalls: Sequence[Stall]
    schema: str = SCHEMA
    version: int = VERSION

    def document(self) -> dict[str, Any]:
        """Return the document as JSON-ready data."""
        return dataclasses.asdict(self)

    def write(self, path: Path) -> None:
        """Write the document to `path`."""
        path.write_text(json.dumps(self.document(), indent=1, allow_nan=False) + "\n", encoding="utf-8")
