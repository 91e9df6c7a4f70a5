from __future__ import annotations

from dataclasses import replace

from holdfast.gate.result import Calls, Fault, Phase, Reason, Stall
from holdfast.gate.verdict import explain
from tests.gate.verdict.made import calls, judgement, phase


def explained(
    *phases: Phase,
    stalls: tuple[Stall, ...] = (),
    dependencies: tuple[Calls, ...] = (),
    in_flight: int = 0,
    failed: bool = True,
) -> list[Reason]:
    judgements = [judgement("pass"), *([judgement("fail")] if failed else [])]
    return explain(phases or (phase("steady"),), judgements, stalls, dependencies, in_flight)


def stall(total: float, file: str = "shop/report.py", line: int = 7, route: str = "GET /report") -> Stall:
    return Stall(file, line, "report", "json.dumps", route, 3, total, 0.4, 12)


def test_nothing_failed_nothing_is_explained() -> None:
    crowded = phase("overload", client_timeout=5)
    assert explained(crowded, stalls=(stall(9.0),), dependencies=(calls(3.0),), failed=False) == []


def test_a_stall_is_named_by_its_line() -> None:
    (found,) = explained(stalls=(stall(2.0),))
    assert found.title == "the event loop stood still in report (GET /report)"
    assert found.place == "shop/report.py:7"
    for part in ("3 stalls", "2.0 s in all", "400 ms", "json.dumps", "12 times"):
        assert part in found.detail
    (found,) = explained(stalls=(stall(2.0, route=""),))
    assert found.title == "the event loop stood still in report"


def test_stalls_of_no_line_and_of_no_weight_are_no_reason() -> None:
    assert explained(stalls=(stall(5.0, file=""),)) == [], "the machine stood still, not the code"
    assert explained(stalls=(stall(0.09),)) == [], "less than a hundredth of ten seconds"
    assert explained(stalls=(stall(0.1),))


def test_only_the_worst_stalls_are_told() -> None:
    found = explained(stalls=tuple(stall(9.0 - n, line=n) for n in range(8)))
    assert [each.place for each in found] == [f"shop/report.py:{n}" for n in range(4)]


def test_retries_that_multiplied() -> None:
    (found,) = explained(dependencies=(calls(2.96),))
    assert found.title == "retries multiplied the load on p by 3.0"
    assert "in phase p slow" in found.detail
    assert explained(dependencies=(calls(1.49), calls(None))) == []


def test_clients_that_gave_up() -> None:
    found = explained(
        phase("steady"),
        phase("overload", client_timeout=5, s200=95),
        phase("fault", "p slow", client_timeout=40, s200=60),
        in_flight=321,
    )
    (found_,) = found
    assert found_.title == "requests piled up in phase p slow, and nothing refused them early"
    assert found_.detail.startswith("40 of 100 clients gave up")
    assert "321 requests" in found_.detail
    assert explained(phase("overload", client_timeout=1, s200=99)) == [], "one in a hundred is no pile"
    refusing = phase("overload", client_timeout=50, s503_shed=50)
    assert explained(refusing) == [], "something did refuse them early"
    assert explained(phase("steady", client_timeout=5)) == [], "in steady load that is a latency, not a pile"


def test_refusals_at_the_budgets_own_peak() -> None:
    shed = {"s503_shed": 30, "s200": 70}
    (found,) = explained(phase("steady", **shed))
    assert found.title == "30 of 100 requests were refused at the budget's own peak"
    assert explained(phase("steady", s200=9), phase("overload", **shed)) == []


def test_a_rate_limit_that_takes_the_gate_for_one_caller() -> None:
    (found,) = explained(phase("steady", s200=70, s429_ratelimited=30))
    assert found.title == "30 of 100 requests were refused by a rate limit"


def test_the_strongest_comes_first() -> None:
    found = explained(
        phase("steady", s503_shed=1), phase("overload", client_timeout=1),
        stalls=(stall(1.0),), dependencies=(calls(2.0),),
    )  # fmt: skip
    words = ["stood still", "multiplied", "piled up", "were refused"]
    assert [word for each, word in zip(found, words, strict=True) if word in each.title] == words


def test_a_dependency_that_took_other_routes_along() -> None:
    def broken(good: int) -> Phase:
        made = phase("fault", "p slow", s200=100)
        return replace(made, good=good, fault=Fault("p", "slow", "late"))

    (found,) = explained(broken(good=40), dependencies=(calls(1.0, needed=10),))
    assert found.title == "p took the routes that do not need it with it"
    assert "10% of the requests needed it and 60% were not good" in found.detail
    assert explained(broken(good=90), dependencies=(calls(1.0, needed=10),)) == [], "only those that need it"
    assert explained(broken(good=40), dependencies=(calls(1.0, needed=None),)) == [], "nobody knows who does"


def test_what_was_expected_of_wrong_answers_is_said() -> None:
    wrong = {"GET /a": "expected true at $.ok"}
    (reason,) = explain([phase("steady")], [judgement("fail")], [], [], 0, wrong)
    assert (reason.title, reason.detail) == ("wrong answers of GET /a", "expected true at $.ok")
