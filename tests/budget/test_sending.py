"""What is sent: requests, scenarios, and what their answers have to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.budget import Loaded, load
from holdfast.budget.derive.cores import Cores
from holdfast.budget.derive.ground import Ground
from holdfast.errors import BudgetError

BUDGET = """\
[traffic]
peak = "10/s"
arrivals = "constant"
ramp = "2s"
spike = { times = 3.0, lasts = "1s", every = "5s" }
new_connections = "10%"
request = [
  { send = "GET /a", weight = 4, expect = { status = 200, json = { "$.ok" = true }, contains = "x" } },
]

[[traffic.scenario]]
weight = 3
think = "200ms"
rows = "in order"
steps = [
  { send = "POST /login", json = { who = "{users.csv:email}" }, take = { token = "$.token" } },
  { send = "GET /me", headers = { X-Token = "{token}" }, think = "0s", needs = ["p"] },
]

[dependency.p]
kind = "http"
"""


def written(folder: Path, *changes: tuple[str, str]) -> Loaded:
    text = BUDGET
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "holdfast.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ={})


def test_all_that_is_sent_is_read(tmp_path: Path) -> None:
    traffic = written(tmp_path).budget.traffic
    assert (traffic.arrivals, traffic.ramp, traffic.new_connections) == ("constant", 2.0, 0.1)
    assert traffic.spike is not None
    assert (traffic.spike.times, traffic.spike.lasts, traffic.spike.every) == (3.0, 1.0, 5.0)
    expect = traffic.request[0].expect
    assert expect is not None
    assert (expect.status, expect.values, expect.contains) == ((200,), {"$.ok": True}, "x")
    (scenario,) = traffic.scenario
    assert (scenario.weight, scenario.think, scenario.rows) == (3, 0.2, "in order")
    assert [step.think for step in scenario.steps] == [None, 0.0]
    assert [(each.send, weight) for each, weight in traffic.sent()] == [
        ("GET /a", 4),
        ("POST /login", 3),
        ("GET /me", 3),
    ]


def test_the_share_that_needs_a_dependency_counts_steps(tmp_path: Path) -> None:
    ground = Ground(written(tmp_path), workers=1, cores=Cores(1.0, "affinity"))
    assert ground.share("p") == 0.3


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('lasts = "1s"', 'lasts = "5s"', 5, r"lasts \(5s\) is not below every \(5s\)"),
        ("status = 200,", "status = 100,", 8, "expected statuses from 200 to 599"),
        ("status = 200,", 'status = "ok",', 8, "expected statuses from 200 to 599"),
        ('{ status = 200, json = { "$.ok" = true }, contains = "x" }', "{}", 8, "expects nothing"),
        ('constant"', 'sometimes"', 3, "poisson"),
        ('"in order"', '"sorted"', 14, "in order"),
        ('take = { token = "$.token" }', 'think = "1s"', 16, "follows no answer to think about"),
        ('needs = ["p"]', 'needs = ["q"]', 17, 'no dependency is named "q"'),
        ("status = 200,", 'status = 200 }, upload = { file = "a", bytes = 1 }, x = {', 8, "bytes or a file"),
        ("expect = {", 'json = {}, upload = { bytes = "1kB" }, expect = {', 8, "json or an upload, not both"),
        ("expect = {", 'upload = { bytes = "1kB", name = "a\\n" }, expect = {', 8, "printable text"),
        ("status = 200,", 'status = 200 }, reads = "some", x = {', 8, '"all", "first" or a duration'),
        ("expect = {", 'reads = "first", expect = {', 8, "has no body to look into"),
        ('"GET /me"', '"GET me"', 17, "expected a method and a path"),
    ],
)
def test_a_mistake_is_named_with_its_line(
    old: str, new: str, line: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BudgetError, match=message) as caught:
        written(tmp_path, (old, new))
    assert caught.value.place == f"holdfast.toml:{line}"


@pytest.mark.parametrize(("word", "seconds"), [("all", None), ("first", 0.0), ("5s", 5.0)])
def test_how_far_an_answer_is_read(word: str, seconds: float | None, tmp_path: Path) -> None:
    traffic = written(tmp_path, ('think = "0s"', f'reads = "{word}"')).budget.traffic
    assert traffic.scenario[0].steps[1].reads == seconds


def test_a_scenario_has_a_step(tmp_path: Path) -> None:
    begin = BUDGET.index("steps = [")
    steps = BUDGET[begin : BUDGET.index("]\n\n[dependency")]
    with pytest.raises(BudgetError, match="at least one step"):
        written(tmp_path, (steps, "steps = ["))
