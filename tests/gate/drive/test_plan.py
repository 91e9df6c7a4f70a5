from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from holdfast.budget.model.sending import Expect, Scenario
from holdfast.errors import UsageError
from holdfast.gate.drive import PLAN, SCHEDULE, Plan
from holdfast.gate.shape import Payload, RequestSpec
from tests.gate.drive.servers import plan

LOOK_AND_ORDER = Scenario.model_validate(
    {
        "steps": [
            {"send": "GET /products", "take": {"id": "$[0].id", "at": "header:location"}},
            {"send": "POST /orders", "json": {"product": "{id}"}, "think": "50ms"},
        ]
    }
)


def test_a_plan_survives_its_files(tmp_path: Path) -> None:
    one = plan(
        8000,
        [0, 1.5, 1.5],
        RequestSpec("GET /a", expect=Expect(status=[200], json={"$.a[0]": True}, contains="x")),
        RequestSpec("POST /b", body=["é"], reads=0.5),
        request=[0, 1, 2],
        scenarios=[LOOK_AND_ORDER],
        closes=[False, True, False],
    )
    one.write(tmp_path)
    two = Plan.read(tmp_path)
    for field in dataclasses.fields(Plan):
        assert np.array_equal(getattr(one, field.name), getattr(two, field.name)), field.name
    assert two.at.dtype == np.int64
    assert two.request.dtype == np.int32


def test_only_its_owner_reads_what_requests_authenticate_with(tmp_path: Path) -> None:
    (tmp_path / PLAN).touch(0o644)
    plan(8000, [0]).write(tmp_path)
    assert (tmp_path / PLAN).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"port": 0}, "between 1 and 65535"),
        ({"timeout_s": 0.0}, "timeout_s"),
        ({"timeout_s": float("nan")}, "timeout_s"),
        ({"idle_s": -1.0}, "idle_s"),
        ({"connections_max": 0}, "connections_max"),
        ({"connections_first": 11}, "connections_first lies between 0 and connections_max"),
        ({"at": np.array([5, 4], dtype=np.int64)}, "ascend"),
        ({"at": np.array([-1, 4], dtype=np.int64)}, "ascend"),
        ({"at": np.array([1.0, 4.0])}, "int64"),
        ({"at": np.array([1], dtype=np.int64)}, "one length"),
        ({"request": np.array([0, 1], dtype=np.int32)}, "between 0 and 0"),
        ({"request": np.array([-1, 0], dtype=np.int32)}, "between 0 and 0"),
        ({"closes": np.array([True])}, "closes is bool"),
        ({"requests": (Payload("a", b"a", then=0),)}, "lies behind it"),
    ],
)
def test_an_impossible_plan_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        dataclasses.replace(plan(8000, [0, 1]), **change)


def test_what_is_missing_or_malformed_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"plan\.json: No such file"):
        Plan.read(tmp_path)
    good = plan(8000, [0])
    good.write(tmp_path)
    document = json.loads((tmp_path / PLAN).read_text())
    for broken, message in [
        ("{", "malformed"),
        ("[]", "malformed"),
        (json.dumps({**document, "version": 2}), "version 1"),
        (json.dumps({key: value for key, value in document.items() if key != "host"}), "host is missing"),
        (json.dumps({**document, "requests": [{"name": "x", "data": "?"}]}), "malformed"),
        (json.dumps({**document, "port": 99999}), "a port lies"),
    ]:
        (tmp_path / PLAN).write_text(broken)
        with pytest.raises(UsageError, match=message) as caught:
            Plan.read(tmp_path)
        assert str(tmp_path) in caught.value.place
    good.write(tmp_path)
    (tmp_path / SCHEDULE).write_bytes(b"PK nonsense")
    with pytest.raises(UsageError, match=r"schedule\.npz: malformed"):
        Plan.read(tmp_path)
    np.savez(tmp_path / SCHEDULE, at=good.at)
    with pytest.raises(UsageError, match=r"schedule\.npz: request is missing"):
        Plan.read(tmp_path)
