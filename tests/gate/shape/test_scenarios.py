from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holdfast.budget.model.sending import Scenario
from holdfast.errors import UsageError
from holdfast.gate.shape import Catalogue, Phase, RequestSpec, catalogue, schedule
from holdfast.gate.shape.payload import lengths
from holdfast.gate.shape.template import render


def build(folder: Path, scenario: dict[str, Any], *specs: RequestSpec) -> Catalogue:
    return catalogue(
        specs, [Scenario.model_validate(scenario)], authority="h:1", seed=1, base=folder, place=str
    )


def test_steps_follow_one_another_and_have_the_same_row(tmp_path: Path) -> None:
    (tmp_path / "u.csv").write_text("id,key\n1,a\n2,b\n")
    made = build(
        tmp_path,
        {
            "weight": 3,
            "think": "200ms",
            "steps": [
                {"send": "GET /u/{u.csv:id}", "take": {"token": "$.token"}},
                {"send": "GET /k/{u.csv:key}/{token}", "think": "1s"},
                {"send": "POST /o", "json": {"who": "{u.csv:key}", "token": "{token}"}},
            ],
        },
        RequestSpec("GET /plain"),
    )
    assert len(made.payloads) == 1 + 2 * 3
    assert made.share.tolist() == pytest.approx([1 / 4, 3 / 8, 3 / 8, 0, 0, 0, 0])
    assert lengths(made.payloads).tolist() == [1, 3, 3, 2, 2, 1, 1]
    assert made.requests == pytest.approx(1 * 1 / 4 + 3 * 3 / 4)
    for first, (number, key) in ((1, (b"1", b"a")), (2, (b"2", b"b"))):
        one = made.payloads[first]
        two = made.payloads[one.then]
        three = made.payloads[two.then]
        assert (one.pause_ns, two.pause_ns, three.then) == (1_000_000_000, 200_000_000, -1)
        assert [each.name for each in (one, two, three)] == ["GET /u/{n}", "GET /k/{n}/{n}", "POST /o"]
        assert b" /u/%s " % number in one.data
        assert b" /k/%s/t " % key in render(two.data, {"token": "t"})
        assert render(three.data, {"token": 5}).endswith(b'\r\n\r\n{"who":"%s","token":5}' % key)


def test_the_rate_of_a_phase_is_that_of_its_requests(tmp_path: Path) -> None:
    steps = [{"send": f"GET /{number}"} for number in range(4)]
    made = build(tmp_path, {"steps": steps})
    due = schedule([Phase("a", 100, 10, "constant")], made, seed=1)
    assert len(due.at) == 250
    assert np.all(due.request == 0)


@pytest.mark.parametrize(
    ("steps", "message", "place"),
    [
        ([{"send": "GET /{id}"}], r"no step before takes \{id\}; taken so far: nothing", "steps[0].send"),
        (
            [{"send": "GET /a", "take": {"id": "$.id"}}, {"send": "POST /b", "json": {"x": "{idd}"}}],
            r"no step before takes \{idd\}; taken so far: \{id\}",
            "steps[1].json",
        ),
        ([{"send": "GET /a", "take": {"id": "id"}}], "expected a path", "steps[0].take"),
        ([{"send": "GET /a", "headers": {"X": "{id}"}}], "no step before takes", "steps[0].headers"),
    ],
)
def test_a_bad_step_is_named_with_its_place(
    steps: list[dict[str, Any]], message: str, place: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        build(tmp_path, {"steps": steps})
    assert caught.value.place == f"traffic.scenario[0].{place}"
