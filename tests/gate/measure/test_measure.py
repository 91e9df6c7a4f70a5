from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.drive.records import Cause, Outcome
from holdfast.gate.fault.counts import Counts
from holdfast.gate.measure import (
    balance,
    calls,
    measure_phase,
    measure_series,
    outcomes,
    seconds_to_recover,
    unproxied,
)
from holdfast.gate.measure.latency import describe, supported
from holdfast.gate.result import Calls, Fault, Phase
from tests.gate.measure.made import Sent, Sli, run

ENDS = [
    Sent(0.0),
    Sent(0.1, status=404),
    Sent(0.2, status=500),
    Sent(0.3, status=503, outcome=Outcome.SHED, retry_after=True),
    Sent(0.4, status=504, outcome=Outcome.DEADLINE),
    Sent(0.5, status=503, outcome=Outcome.DEPENDENCY, retry_after=True),
    Sent(0.6, status=202, outcome=Outcome.DEGRADED),
    Sent(0.7, status=Cause.RESET),
    Sent(0.8, status=Cause.TIMEOUT, took=5),
    Sent(0.9, status=Cause.REFUSED),
    Sent(1.0, status=Cause.NOT_SENT),
    Sent(1.1, took=0.5),
]
LIMITED = Sent(0.0, status=429, outcome=Outcome.RATELIMITED, retry_after=True)


def test_every_end_has_a_name() -> None:
    assert outcomes.counts(run(ENDS).codes) == {
        "200": 2,
        "404": 1,
        "500": 1,
        "503 shed": 1,
        "504 deadline": 1,
        "503 dependency": 1,
        "202 degraded": 1,
        "reset": 1,
        "client timeout": 1,
        "connect refused": 1,
        "not sent": 1,
    }


def test_a_wrong_answer_is_bad_whatever_sli_says() -> None:
    ends = [Sent(0.0, outcome=Outcome.WRONG_ANSWER), Sent(0.1, status=404, outcome=Outcome.WRONG_ANSWER)]
    made = run(ends)
    assert outcomes.counts(made.codes) == {"200 wrong answer": 1, "404 wrong answer": 1}
    assert made.acceptable.tolist() == [False, False]
    assert made.counted.tolist() == [True, True]
    ledger = balance(made)
    assert ledger.balanced
    assert ledger.served == 2


def test_sli_says_what_is_good_and_what_is_left_out() -> None:
    made = run(ENDS)
    assert np.flatnonzero(made.acceptable).tolist() == [0, 6, 11]
    assert np.flatnonzero(~made.counted).tolist() == [1]
    assert np.flatnonzero(made.good).tolist() == [0, 6], "the late one is no good answer"
    assert np.flatnonzero(made.refused).tolist() == [3]


@pytest.mark.parametrize(
    ("sli", "acceptable", "left_out"),
    [
        (Sli(degraded="bad"), [0, 11], [1]),
        (Sli(degraded="excluded"), [0, 11], [1, 6]),
        (Sli(excluded=("4xx", "shed")), [0, 6, 11], [1, 3]),
        (Sli(bad=("5xx", "4xx"), excluded=()), [0, 6, 11], []),
        (Sli(bad=(), excluded=()), [0, 6, 11], []),
    ],
)
def test_other_slis(sli: Sli, acceptable: list[int], left_out: list[int]) -> None:
    made = run(ENDS, sli=sli)
    assert np.flatnonzero(made.acceptable).tolist() == acceptable
    assert np.flatnonzero(~made.counted).tolist() == left_out


def test_the_ledger_balances_and_counts_each_once() -> None:
    ledger = balance(run(ENDS[:-2]))
    assert ledger.balanced
    assert ledger.sent == 10 == ledger.scheduled
    assert (ledger.served, ledger.refused, ledger.shed) == (3, 1, 2)
    assert (ledger.failed, ledger.cancelled, ledger.never_accepted) == (2, 1, 1)


def test_a_rate_limit_refuses_and_serves_nothing() -> None:
    limited, of_the_app = run([LIMITED]), run([Sent(0.0, status=429)])
    assert (balance(limited).served, balance(limited).shed) == (0, 1)
    assert (balance(of_the_app).served, balance(of_the_app).shed) == (1, 0)
    assert outcomes.counts(limited.codes) == {"429 ratelimited": 1}
    assert not limited.counted.any(), "a 4xx is left out"
    assert run([LIMITED], sli=Sli(bad=("ratelimited",), excluded=())).counted.all()


def test_what_the_driver_did_not_send_unbalances_the_ledger() -> None:
    ledger = balance(run(ENDS))
    assert not ledger.balanced
    assert (ledger.not_sent, ledger.sent, ledger.scheduled) == (1, 11, 12)
    assert "did not send 1 of 12" in ledger.problems[0]


def test_an_unknown_end_unbalances_the_ledger() -> None:
    assert "ended in no known way" in balance(run([Sent(0.0, status=-77)])).problems[0]


def seen(seen: int, attempted: int | None, *, proxied: bool = True) -> Calls:
    return Calls("p", "http", proxied, 5, seen, attempted, None, None, "", 0, True, "")


@pytest.mark.parametrize(
    ("found", "problems"),
    [
        (seen(1000, 1000), ()),
        (seen(1001, 1000), ("p: 1000 calls attempted, 1001 seen at the proxy",)),
        (seen(980, 1000), ()),
        (seen(979, 1000), ("p: 1000 calls attempted, 979 seen at the proxy",)),
        (seen(8, 10), ()),
        (seen(7, 10), ("p: 10 calls attempted, 7 seen at the proxy",)),
        (replace(seen(7, 10), unreachable=1), ()),
        (seen(1000, None), ()),
        (seen(0, 1000, proxied=False), ()),
    ],
    ids=[
        "all",
        "more",
        "2% unseen",
        "above 2%",
        "a few of few",
        "most of few",
        "while nobody listened",
        "not told",
        "no proxy",
    ],
)
def test_the_calls_of_a_dependency_are_in_the_books(found: Calls, problems: tuple[str, ...]) -> None:
    ledger = balance(run([Sent(0.0)]), [found])
    assert (ledger.balanced, ledger.problems) == (not problems, problems)


@given(st.lists(st.sampled_from(ENDS), min_size=1, max_size=60))
def test_the_entries_of_the_ledger_sum_up(ends: list[Sent]) -> None:
    ledger = balance(run(ends))
    parts = (
        ledger.served,
        ledger.refused,
        ledger.shed,
        ledger.failed,
        ledger.cancelled,
        ledger.never_accepted,
    )
    assert sum(parts) == ledger.sent == ledger.scheduled - ledger.not_sent


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, []),
        (19, []),
        (20, ["p50"]),
        (100, ["p50", "p90"]),
        (200, ["p50", "p90", "p95"]),
        (999, ["p50", "p90", "p95"]),
        (1000, ["p50", "p90", "p95", "p99"]),
        (9999, ["p50", "p90", "p95", "p99"]),
        (10000, ["p50", "p90", "p95", "p99", "p99.9"]),
    ],
)
def test_percentiles_appear_where_the_sample_supports_them(count: int, shown: list[str]) -> None:
    assert list(describe(np.arange(count) / 1000).percentiles) == shown


def test_percentiles_are_exact() -> None:
    percentiles = describe(np.arange(1, 1001) / 1000).percentiles
    assert percentiles["p50"] == pytest.approx(0.5005)
    assert percentiles["p99"] == pytest.approx(0.99001)
    assert supported(1000, 0.99)


def test_a_phase_counts_by_intended_start() -> None:
    made = run(
        [Sent(0.9), Sent(1.0, took=9), Sent(1.5, status=503, outcome=Outcome.SHED), Sent(2.0)],
        names=["GET /a"],
        bounds={"GET /a": 0.3},
    )
    phase = measure_phase(made, name="x", kind="steady", start=1.0, end=2.0, rate=2, fault=None)
    assert (phase.offered, phase.good, phase.goodput) == (2, 0, 0.0)
    assert phase.latency.count == 1, "a refusal is no latency sample"
    assert phase.routes["GET /a"].count == 1


def test_payloads_of_one_route_count_together() -> None:
    made = run(
        [Sent(0, payload=0), Sent(0.1, payload=1), Sent(0.2, payload=2)], names=["GET /a", "GET /a", "GET /b"]
    )
    phase = measure_phase(made, name="x", kind="steady", start=0, end=1, rate=3, fault=None)
    assert {name: latency.count for name, latency in phase.routes.items()} == {"GET /a": 2, "GET /b": 1}


def test_series_are_rates_per_bucket() -> None:
    made = run([Sent(0.1), Sent(0.2), Sent(0.7, status=500), Sent(1.2, status=503, outcome=Outcome.SHED)])
    series = measure_series(made, length=2.0)
    assert list(series.t) == [0.0, 0.5, 1.0, 1.5]
    assert list(series.offered) == [4, 2, 2, 0]
    assert list(series.good) == [4, 0, 0, 0]
    assert list(series.refused) == [0, 0, 2, 0]
    assert list(series.failed) == [0, 2, 0, 0]
    assert [p is None for p in series.p50] == [False, True, True, True], "of good answers only"


def test_recovery_is_when_a_window_is_good_again() -> None:
    made = run([Sent(t / 10, status=500 if t < 35 else 200) for t in range(100)])
    back = seconds_to_recover(made, healed=2.0, until=10.0, steady_share=1.0)
    assert back == pytest.approx(1.4, abs=0.11), "from 3.4 s on, 95% of two seconds are good"
    assert seconds_to_recover(made, healed=2.0, until=4.0, steady_share=1.0) is None


def test_no_recovery_without_requests_or_goodness() -> None:
    made = run([Sent(t / 10, status=500) for t in range(100)])
    assert seconds_to_recover(made, healed=2.0, until=10.0, steady_share=1.0) is None
    assert seconds_to_recover(made, healed=20.0, until=30.0, steady_share=1.0) is None


def test_a_lucky_moment_is_no_recovery() -> None:
    made = run([Sent(t / 10, status=200 if t == 25 else 500) for t in range(100)])
    assert seconds_to_recover(made, healed=2.0, until=10.0, steady_share=1.0) is None


def counts(calls_: int | None, connections: int = 5) -> Counts:
    return Counts(connections, calls_, 0, 0, 0, 0)


def phase(name: str, kind: str, dependency: str = "") -> Phase:
    fault = Fault(dependency, "slow", "late") if dependency else None
    return Phase(name, kind, 0, 1, 1, 10, 10, 10, {}, describe(np.zeros(0)), {}, fault)


PHASES = [phase("steady", "steady"), phase("p slow", "fault", "p"), phase("p reset", "fault", "p")]


def test_amplification_is_that_of_the_worst_fault() -> None:
    found = calls(
        "p",
        "http",
        counts=[counts(n) for n in (0, 10, 30, 130)],
        phases=PHASES,
        needed=[10, 20, 20],
        attempted=130,
        direct=0,
        unproven="",
    )
    assert (found.amplification, found.amplification_phase, found.needed) == (5.0, "p reset", 20)
    assert found.seen == 130


@pytest.mark.parametrize(
    ("kind", "usual", "amplification"), [("http", 1.0, 6.0), ("postgres", 4.0, 1.5), ("redis", 4.0, 1.5)]
)
def test_statements_are_compared_with_what_a_request_usually_takes(
    kind: str, usual: float, amplification: float
) -> None:
    found = calls(
        "p",
        kind,
        counts=[counts(n) for n in (0, 40, 60, 180)],
        phases=PHASES,
        needed=[10, 20, 20],
        attempted=None,
        direct=0,
        unproven="",
    )
    assert (found.usual, found.amplification) == (usual, amplification)


@pytest.mark.parametrize(
    ("at", "attempted", "direct", "unproven", "why"),
    [
        ((0, 10, 30, 130), 130, 2, "", "past the proxy"),
        ((0, 0, 0, 0), 0, 0, "", "never connected"),
        ((0, 10, 30, 130), None, 0, "cannot be proved", "cannot be proved"),
    ],
)
def test_a_fault_counts_only_with_proof(
    at: tuple[int, ...], attempted: int | None, direct: int, unproven: str, why: str
) -> None:
    found = calls(
        "p",
        "http",
        counts=[counts(n, 5 if n else 0) for n in at],
        phases=PHASES,
        needed=[10, 20, 20],
        attempted=attempted,
        direct=direct,
        unproven=unproven,
    )
    assert not found.wired
    assert why in found.why


def test_what_is_not_proxied_says_why() -> None:
    found = unproxied("db", "sqlite", "a file")
    assert (found.proxied, found.wired, found.why, found.amplification) == (False, False, "a file", None)


def test_an_unanswered_request_is_infinitely_late() -> None:
    made = run([Sent(0, status=Cause.TIMEOUT, took=5)])
    assert math.isinf(made.latency[0])
