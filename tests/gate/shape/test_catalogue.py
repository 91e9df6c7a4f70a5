from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import UsageError
from holdfast.gate.shape import MAX_VARIANTS, Catalogue, RequestSpec, catalogue, route


def build(*specs: RequestSpec, seed: int = 1, base: Path | None = None) -> Catalogue:
    return catalogue(specs, authority="127.0.0.1:8000", seed=seed, base=base)


def parts(data: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = data.partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    return line, dict(header.lower().split(": ", 1) for header in headers), body


def test_a_get_is_a_complete_request_without_body() -> None:
    (payload,) = build(RequestSpec("GET /products")).payloads
    line, headers, body = parts(payload.data)
    assert line == "GET /products HTTP/1.1"
    assert headers["host"] == "127.0.0.1:8000"
    assert "user-agent" in headers
    assert "content-length" not in headers
    assert "content-type" not in headers
    assert body == b""


def test_a_body_has_its_length_in_bytes_and_its_type() -> None:
    (payload,) = build(RequestSpec("POST /orders", body={"name": "Zoë", "count": 2})).payloads
    _, headers, body = parts(payload.data)
    assert json.loads(body) == {"name": "Zoë", "count": 2}
    assert headers["content-length"] == str(len(body))
    assert headers["content-type"] == "application/json"


def test_a_post_without_body_says_that_it_has_none() -> None:
    (payload,) = build(RequestSpec("POST /refresh")).payloads
    assert parts(payload.data)[1]["content-length"] == "0"


def test_given_headers_replace_the_drivers_own() -> None:
    spec = RequestSpec(
        "POST /orders", body=[1], headers={"content-type": "application/x", "X-Key": "k-{3..3}"}
    )
    (payload,) = build(spec).payloads
    _, headers, _ = parts(payload.data)
    assert headers["content-type"] == "application/x"
    assert headers["x-key"] == "k-3"
    assert payload.data.lower().count(b"content-type") == 1


def test_a_body_can_come_from_a_file_next_to_the_budget(tmp_path: Path) -> None:
    (tmp_path / "traffic").mkdir()
    (tmp_path / "traffic" / "order.json").write_text('{"product": "{4..4}"}', encoding="utf-8")
    (payload,) = build(RequestSpec("POST /orders", body="traffic/order.json"), base=tmp_path).payloads
    assert json.loads(parts(payload.data)[2]) == {"product": 4}


def test_few_combinations_are_all_there_once() -> None:
    spec = RequestSpec("POST /a/{1..3}?p={1..2}", body={"x": "{1..2}"}, headers={"K": "{8..9}"})
    made = build(spec)
    assert len(made.payloads) == len({payload.data for payload in made.payloads}) == 3 * 2 * 2 * 2
    assert np.allclose(made.share, 1 / 24)


def test_many_combinations_are_bounded_and_drawn_from_the_seed() -> None:
    spec = RequestSpec("GET /products/{1..1000000}")
    first, again, other = build(spec, seed=1), build(spec, seed=1), build(spec, seed=2)
    assert len(first.payloads) == MAX_VARIANTS
    assert first.payloads == again.payloads
    assert first.payloads != other.payloads
    drawn = [int(payload.data.split()[1].rsplit(b"/")[-1]) for payload in first.payloads]
    assert min(drawn) >= 1
    assert max(drawn) <= 1_000_000
    assert len(set(drawn)) > MAX_VARIANTS * 0.9


def test_one_spec_keeps_its_variants_when_another_changes() -> None:
    wide = RequestSpec("GET /products/{1..1000000}")
    one = build(wide, RequestSpec("GET /a/{1..9}")).payloads[:MAX_VARIANTS]
    two = build(wide, RequestSpec("GET /a/{1..900000}")).payloads[:MAX_VARIANTS]
    assert one == two


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 50)), min_size=1, max_size=6))
def test_each_spec_has_its_weights_share_whatever_its_variants(entries: list[tuple[int, int]]) -> None:
    specs = [
        RequestSpec(f"GET /{number}/{{1..{variants}}}", weight=weight)
        for number, (weight, variants) in enumerate(entries)
    ]
    total = sum(weight for weight, _ in entries)
    if not total:
        with pytest.raises(UsageError, match="weight 0"):
            build(*specs)
        return
    made = build(*specs)
    for number, (weight, variants) in enumerate(entries):
        chosen = [payload.name == f"GET /{number}/{{n}}" for payload in made.payloads]
        assert sum(chosen) == variants
        assert made.share[chosen].sum() == pytest.approx(weight / total)


@pytest.mark.parametrize(
    ("send", "name"),
    [
        ("POST /orders", "POST /orders"),
        ("GET /products/{1..500}", "GET /products/{n}"),
        ("GET /products/{product_id}", "GET /products/{n}"),
        ("GET /a/{x}/b/{1..2}?q={1..3}", "GET /a/{n}/b/{n}"),
    ],
)
def test_route_joins_specs_and_templates(send: str, name: str) -> None:
    assert route(send) == name


@pytest.mark.parametrize(
    ("spec", "part", "message"),
    [
        (RequestSpec("/products"), "send", "METHOD /path"),
        (RequestSpec("get /products"), "send", "METHOD /path"),
        (RequestSpec("CONNECT /products"), "send", "METHOD /path"),
        (RequestSpec("GET products"), "send", "METHOD /path"),
        (RequestSpec("GET /a b"), "send", "percent-encode"),
        (RequestSpec("GET /a\r\nX: y"), "send", "percent-encode"),
        (RequestSpec("GET /é"), "send", "percent-encode"),
        (RequestSpec("GET /products/{id}"), "send", "first..last"),
        (RequestSpec("GET /products/{5..1}"), "send", "backwards"),
        (RequestSpec("POST /a", body="no.json"), "json", "cannot read"),
        (RequestSpec("POST /a", body={"x": "{5..1}"}), "json", "backwards"),
        (RequestSpec("POST /a", body={"x": datetime.date(2026, 1, 1)}), "json", "written as JSON"),
        (RequestSpec("POST /a", body={"x": float("nan")}), "json", "written as JSON"),
        (RequestSpec("GET /a", headers={"X Y": "1"}), "headers", "name of a header"),
        (RequestSpec("GET /a", headers={"X": "1\r\nY: 2"}), "headers", "printable"),
        (RequestSpec("GET /a", headers={"Content-Length": "3"}), "headers", "driver's own"),
        (RequestSpec("GET /a", headers={"X": "{2..1}"}), "headers", "backwards"),
        (RequestSpec("GET /a", weight=-1), "weight", "from 0 up"),
        (RequestSpec("GET /a", weight=float("inf")), "weight", "from 0 up"),
    ],
)
def test_a_bad_spec_is_named_with_its_place(
    spec: RequestSpec, part: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        catalogue(
            [RequestSpec("GET /fine"), spec],
            authority="h:1",
            seed=1,
            base=tmp_path,
            place=lambda dotted: f"holdfast.toml:9 {dotted}",
        )
    assert caught.value.place == f"holdfast.toml:9 traffic.request[1].{part}"
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match=r"order\.json is not JSON"):
        build(RequestSpec("POST /a", body="order.json"), base=tmp_path)


def test_no_request_at_all_is_an_error() -> None:
    with pytest.raises(UsageError, match="no request to send"):
        build()


def test_any_object_with_these_names_will_do() -> None:
    class Entry:
        send = "GET /a"
        body = None
        headers: Mapping[str, str] | None = None
        weight = 3
        expect = None
        rows: Literal["random"] = "random"
        upload = None
        reads = None

    assert catalogue([Entry()], authority="h:1", seed=1).payloads[0].name == "GET /a"
