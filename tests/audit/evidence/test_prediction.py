"""The p99 that is predicted, held against a loop in virtual time of which the answer is known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.audit.evidence.curve import Curve
from holdfast.audit.evidence.observed import Frame, Load, Spell, Stall
from holdfast.audit.evidence.prediction import Spared, prediction
from holdfast.audit.evidence.spared import without
from holdfast.audit.report.document import document
from holdfast.audit.report.evidence import expected
from holdfast.audit.report.text import lines
from holdfast.audit.selection import Selection
from tests.audit.evidence.made import joined, project
from tests.audit.evidence.simulated import run
from tests.gate.report.sample import fragile

ANSWERS = {"GET /": 9_900, "GET /slow": 100}
LOAD = Load("gate.json", "steady", 100.0, 1, ANSWERS, {0.5: 0.01, 0.9: 0.1, 0.99: 1.0})

SERVICES = {
    "seldom and short": {"rate": 80.0, "light": 0.002, "heavy": 0.15, "share": 0.005},
    "one in fifty": {"rate": 80.0, "light": 0.002, "heavy": 0.15, "share": 0.02},
    "one in twenty": {"rate": 80.0, "light": 0.004, "heavy": 0.1, "share": 0.05},
    "seldom, on a busy loop": {"rate": 200.0, "light": 0.002, "heavy": 0.1, "share": 0.002},
    "seldom and long": {"rate": 50.0, "light": 0.004, "heavy": 1.0, "share": 0.002},
}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_it_promises_no_more_than_the_fix_gives(service: dict[str, float], seed: int) -> None:
    before, after = (run(seed=seed, thread=thread, **service) for thread in (False, True))
    found = prediction(before.load, [before.stalls])
    assert found is not None
    assert found.measured == before.p99
    assert 0.85 * after.p99 < found.predicted < before.p99


@pytest.mark.parametrize("name", ["one in fifty", "one in twenty"])
def test_where_the_callers_decide_it_is_near(name: str) -> None:
    before, after = (run(seed=3, thread=thread, **SERVICES[name]) for thread in (False, True))
    found = prediction(before.load, [before.stalls])
    assert found is not None
    assert found.predicted == pytest.approx(after.p99, rel=0.2)


def test_by_hand() -> None:
    # 500 in flight and 1 s of 100 s: 6% waited. Of the others 99% are 93.06% of all, between p90 and p99.
    found = prediction(LOAD, [Spared(1.0, 500, 0)])
    assert found is not None
    assert Curve(LOAD.percentiles).within(found.predicted) == pytest.approx(0.99 * 0.94)
    assert found.predicted == pytest.approx(0.1 * 10**0.159, rel=0.01)
    assert (found.phase, found.at_most) == ("steady", False)
    assert "6.0% of 10,000 answers in steady are taken to have waited" in found.how


def test_who_makes_the_call_still_takes_its_time() -> None:
    few = prediction(LOAD, [Spared(30.0, 0, 50)])  # 0.6 s each, of one in 200
    many = prediction(LOAD, [Spared(30.0, 0, 200)])  # 0.15 s each, of one in 50
    assert few is not None
    assert many is not None
    assert few.predicted < 0.1
    assert many.predicted == pytest.approx(0.15)
    assert many.how.endswith("and who makes the call itself still at least 150 ms")


def test_below_what_is_known_it_says_at_most() -> None:
    found = prediction(LOAD, [Spared(1.0, 6_000, 0)])
    assert found is not None
    assert (found.predicted, found.at_most) == (pytest.approx(0.01), True)


def test_where_all_waited_or_no_p99_is_known_nothing_is_predicted() -> None:
    assert prediction(LOAD, [Spared(1.0, 10_000, 0)]) is None
    assert prediction(replace(LOAD, percentiles={0.5: 0.01}), [Spared(1.0, 10, 0)]) is None
    assert prediction(replace(LOAD, answers={}), [Spared(1.0, 10, 0)]) is None


@given(
    st.lists(st.floats(0.0001, 100), min_size=3, max_size=3).map(sorted),
    st.floats(0.001, 99),
    st.integers(0, 9_000),
    st.integers(0, 300),
)
def test_it_is_between_the_least_known_and_what_was_measured(
    latencies: list[float], seconds: float, victims: int, own: int
) -> None:
    load = replace(LOAD, percentiles=dict(zip((0.5, 0.9, 0.99), latencies, strict=True)))
    found = prediction(load, [Spared(seconds, victims, own)])
    if found is not None:
        assert latencies[0] * (1 - 1e-9) <= found.predicted <= latencies[2] * (1 + 1e-9)


@given(st.lists(st.floats(0.0001, 100), min_size=2, max_size=4).map(sorted), st.floats(0.0001, 200))
def test_a_curve_grows_between_what_is_known(latencies: list[float], latency: float) -> None:
    known = dict(zip((0.5, 0.9, 0.95, 0.99), latencies, strict=False))
    curve = Curve(known)
    share = curve.within(latency)
    assert share == 0 or 0.5 - 1e-9 <= share <= max(known) + 1e-9
    assert curve.within(latency * 1.01) >= share - 1e-9
    for each, seconds in known.items():
        assert curve.within(seconds * (1 + 1e-9)) >= each - 1e-6


@pytest.mark.parametrize(
    ("answers", "own"),
    [
        ({"GET /report": 10, "GET /products/{n}": 90}, 10),
        ({"GET /v1/report": 10, "POST /report": 5, "GET /products": 90}, 0),
        ({"GET /": 100}, 0),
    ],
)
def test_only_the_routes_own_answers_make_the_call(answers: dict[str, int], own: int) -> None:
    place = Frame("a.py", 1, "f")
    stall = Stall("g", place, (place,), 1, 2.0, 2.0, 0, "GET /report", spell=Spell(2.0, 0))
    load = Load("g", "steady", 100.0, 1, answers, {0.5: 0.01, 0.99: 0.3})
    found = without([stall], [load])
    assert found is not None
    assert ("who makes the call itself" in found.how) is bool(own)
    assert f"at least {2000 / own:.0f} ms" in found.how if own else True


def gate(folder: Path, *, phases: bool) -> Path:
    """A result with the project's own stall in its steady phase."""
    result: dict[str, Any] = json.loads(json.dumps(fragile().document()))
    (steady,) = (phase for phase in result["phases"] if phase["kind"] == "steady")
    percentiles = {"p50": 0.01, "p90": 0.1, "p99": 1.0}
    steady["latency"] = {"count": 10_000, "percentiles": percentiles}
    steady["routes"] = {
        "GET /": {"count": 9_900, "percentiles": {}},
        "GET /slow": {"count": 100, "percentiles": {}},
    }
    stall: dict[str, Any] = {"file": "shop/ledger.py", "line": 6, "function": "Ledger.settle", "sink": ""}
    stall |= {"route": "GET /slow", "count": 100, "total": 25.0, "longest": 0.25, "victims": 900}
    if phases:
        stall["phases"] = {steady["name"]: {"count": 10, "total": 1.0, "victims": 300}}
    result["stalls"] = [stall]
    path = folder / "gate.json"
    path.write_text(json.dumps(result))
    return path


def test_it_is_in_the_document_and_told(tmp_path: Path) -> None:
    audited, found = joined(project(tmp_path), gate(tmp_path, phases=True))
    told = document(audited, Selection(tuple(audited.findings)), found)
    p99 = told["evidence"]["p99"]
    assert (p99["label"], p99["measured"]) == ("modelled", 1.0)
    assert p99["predicted"] < 1.0
    assert told["findings"][0]["impact"]["p99"] == p99
    text = list(lines(told))
    assert f"with all that is confirmed mended, {expected(p99)}" in text
    assert any(line.startswith("    a fix saves:") and expected(p99) in line for line in text)


def test_a_result_that_tells_no_phases_apart_predicts_nothing(tmp_path: Path) -> None:
    audited, found = joined(project(tmp_path), gate(tmp_path, phases=False))
    told = document(audited, Selection(tuple(audited.findings)), found)
    assert told["evidence"]["p99"] == {"label": "unknown"}
    assert told["findings"][0]["impact"]["label"] == "measured"
    assert told["findings"][0]["impact"]["p99"] == {"label": "unknown"}
    assert not any("should fall" in line for line in lines(told))
