from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from holdfast.errors import UsageError
from holdfast.gate.shape import RequestSpec
from holdfast.gate.traffic.recorded import Recorded
from holdfast.gate.traffic.replay import Replay, replay_of
from holdfast.gate.traffic.routes import route_of

KNOWN = [
    RequestSpec("GET /products/{1..500}", headers={"Authorization": "Bearer {env:TOKEN}"}),
    RequestSpec("POST /orders", body={"product": "{1..9}"}),
]


def one(
    target: str = "/a",
    at: float | None = 0.0,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> Recorded:
    return Recorded(method, target, at, headers=headers or {}, **options)


def made(*recorded: Recorded, speed: float = 1.0, seed: int = 1) -> Replay:
    return replay_of(recorded, KNOWN, speed=speed, seed=seed, place="a.log")


def test_requests_come_at_their_own_times_faster() -> None:
    found = made(one("/b", 12.5), one("/a", 10.25), one("/b", 11.25), speed=2)
    assert found.at.tolist() == [0, 0.5, 1.125]
    assert [found.specs[number].send for number in found.which] == ["GET /a", "GET /b", "GET /b"]
    assert len(found.specs) == 2


def test_what_came_within_a_second_is_spread_over_it() -> None:
    found = made(*(one(at=float(1000 + number // 50)) for number in range(100)))
    again = made(*(one(at=float(1000 + number // 50)) for number in range(100)))
    assert np.array_equal(found.at, again.at)
    assert len(np.unique(found.at)) == 100
    assert found.at[0] == 0
    assert 0.9 < np.median(found.at) < 1.1
    assert np.all(np.diff(found.at) >= 0)


def test_the_budget_gives_what_the_record_does_not_hold() -> None:
    found = made(
        one("/products/7?q=1", headers={"accept": "text/html"}),
        one("/orders", method="POST", wants_body=True),
        one("/orders", method="POST", body={"product": 3}),
    )
    product, order, given = found.specs
    assert product.headers == {"Authorization": "Bearer {env:TOKEN}", "accept": "text/html"}
    assert order.body == {"product": "{1..9}"}
    assert given.body == {"product": 3}
    assert found.names == ("GET /products/{n}", "POST /orders", "POST /orders")


def test_what_cannot_be_sent_is_left_out_and_named() -> None:
    found = made(
        one("/scan", status=404),
        one("/other", method="PUT", wants_body=True),
        one("/x", method="POST", body={"a": "{1..2}"}),
        one(at=None),
        one("/fine", 5.5),
    )
    assert [spec.send for spec in found.specs] == ["GET /fine"]
    assert len(found.notes) == 4
    assert any("led nowhere" in note for note in found.notes)
    assert any("traffic.request has no such route" in note for note in found.notes)
    assert any("no time" in note for note in found.notes)


def test_a_target_is_sent_as_it_was_and_never_filled_in() -> None:
    (spec,) = made(one("/a%20b/{1..5}?q=ü&r=<x>#y")).specs
    assert spec.send == "GET /a%20b/%7B1..5%7D?q=%C3%BC&r=%3Cx%3E%23y"


def test_a_record_without_times_cannot_be_replayed() -> None:
    with pytest.raises(UsageError, match="nothing that can be replayed: 2 x no time") as caught:
        made(one(at=None), one(at=None))
    assert caught.value.place == "a.log"


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("/products/17?page=2", "GET /products/{n}"),
        ("/u/123e4567-e89b-12d3-a456-426614174000/x", "GET /u/{n}/x"),
        ("/v1.2/a", "GET /v1.2/a"),
        ("/", "GET /"),
    ],
)
def test_numbers_and_identifiers_vary_within_a_route(target: str, name: str) -> None:
    assert route_of("GET", target) == name
