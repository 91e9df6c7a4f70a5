"""Values from CSV files and the environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holdfast.errors import UsageError
from holdfast.gate.shape import MAX_VARIANTS, Catalogue, Phase, RequestSpec, catalogue, schedule


def build(folder: Path, *specs: RequestSpec, **environ: str) -> Catalogue:
    return catalogue(
        specs,
        authority="h:1",
        seed=1,
        base=folder,
        environ=environ,
        place=lambda dotted: f"b.toml:3 {dotted}",
    )


def body(data: bytes) -> Any:
    return json.loads(data.partition(b"\r\n\r\n")[2])


@pytest.fixture
def users(tmp_path: Path) -> Path:
    text = 'email,name,age\nann@x.org,"Ann, B",31\nbo b@x.org,Bö,42\n\nc/d@x.org,C,7\n'
    (tmp_path / "users.csv").write_text(text, encoding="utf-8-sig")
    return tmp_path


def test_all_columns_of_one_request_come_from_one_row(users: Path) -> None:
    spec = RequestSpec(
        "POST /u/{users.csv:email}?a={1..2}",
        body={"name": "{users.csv:name}", "age": "{users.csv:age:number}", "text": "{users.csv:age}"},
        headers={"X-User": "{users.csv:email}"},
    )
    made = build(users, spec).payloads
    assert len(made) == 3 * 2
    seen = {(payload.data.split()[1].partition(b"?")[0], str(body(payload.data))) for payload in made}
    assert seen == {
        (b"/u/ann%40x.org", "{'name': 'Ann, B', 'age': 31, 'text': '31'}"),
        (b"/u/bo%20b%40x.org", "{'name': 'Bö', 'age': 42, 'text': '42'}"),
        (b"/u/c%2Fd%40x.org", "{'name': 'C', 'age': 7, 'text': '7'}"),
    }
    assert {payload.name for payload in made} == {"POST /u/{n}"}


def test_rows_in_order_are_sent_one_after_the_other(tmp_path: Path) -> None:
    rows = MAX_VARIANTS + 10
    (tmp_path / "ids.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(rows)))
    specs = [RequestSpec("GET /o/{ids.csv:id}/{1..9}", rows="in order", weight=3), RequestSpec("GET /b")]
    made = build(tmp_path, *specs)
    due = schedule([Phase("a", 1500, 2), Phase("b", 3000, 2)], made, seed=1)
    sent = [made.payloads[number].data.split()[1].split(b"/") for number in due.request]
    in_turn = [int(parts[2]) for parts in sent if parts[1] == b"o"]
    assert len(in_turn) > rows
    assert in_turn == [turn % rows for turn in range(len(in_turn))]


def test_many_rows_are_drawn_from_the_seed(tmp_path: Path) -> None:
    (tmp_path / "ids.csv").write_text("id\n" + "".join(f"{n}\n" for n in range(10 * MAX_VARIANTS)))
    one, two = (build(tmp_path, RequestSpec("GET /{ids.csv:id}")).payloads for _ in range(2))
    assert len(one) == MAX_VARIANTS
    assert one == two


def test_a_variable_is_filled_in_where_it_authenticates(tmp_path: Path) -> None:
    spec = RequestSpec("POST /a", body={"key": "{env:KEY}"}, headers={"Authorization": "Bearer {env:TOKEN}"})
    (payload,) = build(tmp_path, spec, TOKEN="t0k", KEY="k").payloads
    assert b"\r\nAuthorization: Bearer t0k\r\n" in payload.data
    assert body(payload.data) == {"key": "k"}


@pytest.mark.parametrize("environ", [{}, {"TOKEN": ""}])
def test_a_variable_that_is_not_set_is_one_clear_error(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the variable TOKEN is not set") as caught:
        build(tmp_path, RequestSpec("GET /a", headers={"X": "{env:TOKEN}"}), **environ)
    assert caught.value.place == "b.toml:3 traffic.request[0].headers"


def test_a_value_that_breaks_a_header_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not printable") as caught:
        build(tmp_path, RequestSpec("GET /a", headers={"X": "{env:TOKEN}"}), TOKEN="secret\r\nY: 1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("send", "text", "message", "place"),
    [
        ("GET /{no.csv:a}", "", "cannot read", "b.toml:3 traffic.request[0].send"),
        ("GET /{d.csv:b}", "a\n1\n", "no column 'b'; it has: a", "b.toml:3 traffic.request[0].send"),
        ("GET /{d.csv:a}", "", "expected a header and at least one row", "d.csv"),
        ("GET /{d.csv:a}", "a\n", "expected a header and at least one row", "d.csv"),
        ("GET /{d.csv:a}", "a,a\n1,2\n", "a name of its own", "d.csv:1"),
        ("GET /{d.csv:a}", "a,b\n1,2\n3\n", "1 cells, and the header has 2", "d.csv:3"),
        ("GET /{d.csv:a}", 'a\n"1\n', "not CSV", "d.csv"),
        ("GET /{d.csv:a:number}", "a\n1\nx\n", "expected a JSON number in column 'a', got 'x'", "d.csv:3"),
        ("GET /{env:TOKEN}", "", "a path is written into logs", "b.toml:3 traffic.request[0].send"),
    ],
)
def test_data_that_is_missing_is_named_with_its_place(
    send: str, text: str, message: str, place: str, tmp_path: Path
) -> None:
    (tmp_path / "d.csv").write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        build(tmp_path, RequestSpec(send))
    assert caught.value.place.endswith(place)


def test_the_share_of_requests_that_close_their_connection(tmp_path: Path) -> None:
    made = build(tmp_path, RequestSpec("GET /a"))
    phases = [Phase("a", 5000, 4)]
    plain, closing = (schedule(phases, made, seed=1, new_connections=share) for share in (0.0, 0.1))
    assert not plain.closes.any()
    assert 0.08 < closing.closes.mean() < 0.12
    assert np.array_equal(plain.at, closing.at)
