"""Derivations against numbers computed by hand; two cores throughout."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from holdfast.budget import Loaded
from holdfast.budget.derive import Derived, derived, findings
from holdfast.budget.derive.cores import Cores

Load = Callable[..., Loaded]
TWO = Cores(2.0, "affinity")


def of(loaded: Loaded, cores: Cores = TWO) -> dict[str, float]:
    return {path: number.value for path, number in derived(loaded, cores=cores).items()}


def found(loaded: Loaded) -> dict[str, str]:
    return {finding.path: finding.message for finding in findings(loaded, cores=TWO)}


@pytest.mark.parametrize(("cores", "workers"), [(0.5, 1), (1.0, 1), (1.9, 1), (2.0, 2), (7.5, 7)])
def test_workers_are_the_whole_cores(loaded: Load, cores: float, workers: int) -> None:
    assert of(loaded(), Cores(cores, "cgroup cpu.max"))["service.workers"] == workers


def test_workers_as_written(loaded: Load) -> None:
    number = derived(loaded(('name = "shop"', "workers = 5")), cores=TWO)["service.workers"]
    assert (number.value, number.written) == (5, True)


def test_admission_by_littles_law(loaded: Load) -> None:
    # 200/s x 2 x 300 ms = 120 in flight, over 2 workers x 6 replicas = 10; 10 x 100 / 300 ms = 3.3 wait.
    numbers = of(loaded())
    assert numbers["admission.limit"] == 10
    assert numbers["admission.queue"] == 4
    ci = of(loaded(environment="ci"))
    assert ci["admission.limit"] == 60
    assert ci["admission.queue"] == 20


def test_admission_never_goes_below_three(loaded: Load) -> None:
    assert of(loaded(('peak = "200/s"', 'peak = "20/s"')))["admission.limit"] == 3


def test_admission_as_written_is_divided(loaded: Load) -> None:
    numbers = of(loaded(("[drain]", "[admission]\nlimit = 30\nqueue = 0\n[drain]")))
    assert numbers["admission.limit"] == 2
    assert numbers["admission.queue"] == 0
    assert of(loaded(("[drain]", "[admission]\nqueue = 5\n[drain]")))["admission.queue"] == 1


def test_nothing_is_derived_from_what_is_missing(loaded: Load) -> None:
    without_peak = of(loaded(('peak = "200/s"\n', "")))
    assert without_peak["admission.limit"] == 20, "a limit that learns has to start somewhere"
    assert "dependency.db.pool" not in without_peak
    assert "error_budget.requests" not in without_peak
    without_p99 = of(loaded(('p99 = "300ms"\n', "")))
    assert without_p99["admission.limit"] == 20
    assert not {"admission.queue", "admission.late"} & set(without_p99)


def test_pools_by_littles_law(loaded: Load) -> None:
    # a = 400/s x 8 ms / 12 = 0.267; a + 2 sqrt(a) = 1.3, so 2; room: (100 - 3) / (2 x 7) = 6.9.
    assert of(loaded())["dependency.db.pool"] == 2
    # ci: a = 400/s x 8 ms / 2 = 1.6; 1.6 + 2 x 1.265 = 4.13, so 5; room: 97 / 2 = 48.
    assert of(loaded(environment="ci"))["dependency.db.pool"] == 5


def test_pools_stay_within_the_servers_connections(loaded: Load) -> None:
    # a = 400/s x 500 ms / 12 = 16.7; + 2 x 4.08 = 24.8, so 25 wanted; 97 / 14 = 6 allowed.
    tight = loaded(('held = "8ms"', 'held = "500ms"'))
    assert of(tight)["dependency.db.pool"] == 6
    assert found(tight) == {
        "dependency.db.max_connections": "at the peak a worker needs 25 connections; 97 over 14 workers "
        "(replicas at their maximum, and the surge) leave it 6"
    }
    assert of(loaded(("max_connections = 100", "max_connections = 10")))["dependency.db.pool"] == 1


def test_too_few_connections_for_one_each(loaded: Load) -> None:
    message = found(loaded(("max_connections = 100", "max_connections = 16")))[
        "dependency.db.max_connections"
    ]
    assert message.startswith("13 connections do not reach for 14 workers")


def test_the_share_of_requests_that_need_a_dependency(loaded: Load) -> None:
    half = loaded(
        ("weight = 90 }", 'weight = 90, needs = ["db"] }'), ('needs = ["payments"]', 'needs = ["db"]')
    )
    assert of(half)["dependency.db.pool"] == of(loaded())["dependency.db.pool"], "all of them need it"
    only = loaded(("weight = 10, ", "weight = 90, "), ('["payments"]', '["db"]'), environment="ci")
    # a = 400/s x 50% x 8 ms / 2 = 0.8; 0.8 + 2 x 0.894 = 2.59, so 3.
    assert of(only)["dependency.db.pool"] == 3


def test_sqlite_has_no_limit_of_connections(loaded: Load) -> None:
    numbers = of(loaded(('kind = "postgres"', 'kind = "sqlite"'), ("max_connections = 100\n", "")))
    assert numbers["dependency.db.pool"] == 2


def test_bulkheads_are_divided(loaded: Load) -> None:
    assert of(loaded())["dependency.payments.bulkhead"] == 2
    small = loaded(("bulkhead = 24", "bulkhead = 10"))
    assert of(small)["dependency.payments.bulkhead"] == 1
    assert "10 calls over 12 workers" in found(small)["dependency.payments.bulkhead"]


def test_amplification(loaded: Load) -> None:
    numbers = of(loaded())
    assert numbers["dependency.payments.amplification"] == 1.2
    assert numbers["dependency.payments.calls"] == pytest.approx(200 * 2 * 0.1 * 1.2)
    generous = of(loaded(('budget = "20%"', 'budget = "100%"'), ("attempts = 2", "attempts = 3")))
    assert generous["dependency.payments.amplification"] == 2.0
    unbounded = of(loaded((', budget = "20%"', ""), ("attempts = 2", "attempts = 3")))
    assert unbounded["dependency.payments.amplification"] == 3.0


def test_an_outage_may_not_exceed_the_headroom(loaded: Load) -> None:
    message = found(loaded(('headroom = "400/s"', 'headroom = "40/s"')))["dependency.payments.headroom"]
    assert message == "at worst 48/s calls reach payments (peak x burst x retries), and it bears 40/s"


def test_the_chain(loaded: Load) -> None:
    promised = ('headroom = "400/s"', 'headroom = "400/s"\navailability = "99%"')
    assert of(loaded(promised))["chain.availability"] == pytest.approx(1 - 0.1 * 0.01)
    assert "objective.availability" not in found(loaded(promised)), "99.9% it is, to the digit"
    worse = loaded(("weight = 10", "weight = 90"), promised)
    assert found(worse)["objective.availability"] == "99.9% is promised, and what it depends on allows 99.5%"
    spared = loaded(
        ("weight = 10", "weight = 90"),
        promised,
        ('fallback = "503"', 'fallback = "later"'),
        ("[drain]", '[sli]\ndegraded = "good"\n[drain]'),
    )
    assert of(spared)["chain.availability"] == 1.0


def test_the_error_budget(loaded: Load) -> None:
    numbers = of(loaded())
    assert numbers["error_budget.minutes"] == 43.2
    assert numbers["error_budget.requests"] == 518_400


def test_the_ladder(loaded: Load) -> None:
    numbers = of(loaded())
    assert numbers["dependency.payments.longest"] == 0.8
    assert numbers["deadline.cap"] == 2.0
    assert numbers["drain.grace"] == 9.0
    assert of(loaded(('default = "2s"', 'default = "2s"\ncap = "5s"')))["drain.grace"] == 12.0


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        (
            'total = "400ms"',
            'total = "1s"',
            "dependency.payments.timeout.total",
            "2 x 1s is not below deadline.default",
        ),
        (
            'open = "5s"',
            'open = "10s"',
            "dependency.payments.breaker.open",
            "objective.recovery promises 10s",
        ),
        (
            'announce = "5s"',
            'announce = "5s"\ngrace = "7s"',
            "drain.grace",
            "7s is not above announce + longest",
        ),
        (
            "[drain]",
            '[admission]\nwait = "300ms"\n[drain]',
            "admission.wait",
            "p99 promises 300ms for all of it",
        ),
        ("[drain]", "[admission]\nlimit = 8\n[drain]", "admission.limit", "8 requests over 12 workers"),
        ('throughput = "200/s"', 'throughput = "500/s"', "objective.throughput", "no more than 400/s"),
        (
            'throughput = "200/s"',
            'throughput = "100/s"',
            "objective.throughput",
            "the availability takes 199.8/s",
        ),
    ],
)
def test_contradictions(loaded: Load, old: str, new: str, path: str, message: str) -> None:
    result = found(loaded((old, new)))
    assert list(result) == [path]
    assert message in result[path]


def test_none_in_a_sound_budget(loaded: Load) -> None:
    assert found(loaded()) == {}
    assert found(loaded(environment="ci")) == {}


def test_a_finding_has_its_place(loaded: Load) -> None:
    (finding,) = findings(loaded(('open = "5s"', 'open = "10s"')), cores=TWO)
    assert finding.place.endswith("holdfast.toml:26")


def test_every_derived_number_says_how(loaded: Load) -> None:
    for number in derived(loaded(), cores=TWO).values():
        assert isinstance(number, Derived)
        assert number.formula
        assert number.written or number.inputs


def test_an_empty_budget_derives_only_what_follows_from_the_cores() -> None:
    from holdfast.budget import Budget

    assert of(Loaded(Budget())) == {"service.workers": 2, "offload.processes": 1}


def test_processes_share_the_cores_with_the_workers(loaded: Load) -> None:
    assert of(loaded())["offload.processes"] == 1
    assert of(loaded(('name = "shop"', "workers = 1")))["offload.processes"] == 2
    assert of(loaded(('name = "shop"', "workers = 3")))["offload.processes"] == 1, "at least one"
    written = derived(loaded(("[drain]", "[offload]\nprocesses = 7\n[drain]")), cores=TWO)[
        "offload.processes"
    ]
    assert (written.value, written.written) == (7, True)


def test_who_may_wait_for_a_thread_is_who_was_let_in(loaded: Load) -> None:
    # admission.limit is 10 for a worker, and 60 in ci; there are 40 threads.
    assert of(loaded())["offload.queue"] == 40
    assert of(loaded(environment="ci"))["offload.queue"] == 60
    assert of(loaded(("[drain]", "[offload]\nthreads = 4\n[drain]")))["offload.queue"] == 10
    assert of(loaded(("[drain]", "[offload]\nqueue = 0\n[drain]")))["offload.queue"] == 0


def test_workers_that_a_server_starts_by_itself(loaded: Load) -> None:
    numbers = {path: found.value for path, found in derived(loaded(), cores=TWO, running=4).items()}
    assert (numbers["service.workers"], numbers["offload.processes"]) == (4, 1)
    assert derived(loaded(('name = "shop"', "workers = 5")), running=4)["service.workers"].value == 5
