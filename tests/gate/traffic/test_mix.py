from __future__ import annotations

from holdfast.gate.traffic.mix import mix_of
from holdfast.gate.traffic.recorded import Recorded


def got(target: str, at: float | None = None, status: int = 200) -> Recorded:
    return Recorded("GET", target, at, status)


def sends(*recorded: Recorded) -> list[tuple[str, float]]:
    return [(spec.send, spec.weight) for spec in mix_of(recorded).requests]


def test_requests_that_differ_in_numbers_are_one_route() -> None:
    assert sends(got("/p/17?page=2"), got("/p/499?page=9"), got("/p/3?page=2"), got("/about")) == [
        ("GET /p/{3..499}?page={2..9}", 3),
        ("GET /about", 1),
    ]


def test_a_number_that_never_differs_stays() -> None:
    assert sends(got("/v1/p/5"), got("/v1/p/9"), got("/v1/p/5")) == [("GET /v1/p/{5..9}", 3)]


def test_only_whole_numbers_are_numbers() -> None:
    assert sends(got("/a%20b/2026-11-20/v1.5")) == [("GET /a%20b/2026-11-20/v1.5", 1)]


def test_secrets_are_not_copied() -> None:
    assert sends(got("/p?access_token=abc&page=1&API_KEY=x")) == [("GET /p?access_token=&page=1&API_KEY=", 1)]


def test_what_led_nowhere_is_no_traffic() -> None:
    found = mix_of([got("/wp-login.php", status=404), got("/p"), got("/old", status=301)])
    assert [spec.send for spec in found.requests] == ["GET /p"]
    assert (found.total, found.dropped) == (3, 0)


def test_rare_routes_are_left_out_and_counted() -> None:
    found = mix_of([*(got("/p") for _ in range(500)), *(got(f"/once/{letter}") for letter in "abc")])
    assert [spec.send for spec in found.requests] == ["GET /p"]
    assert found.dropped == 3


def test_of_one_route_by_identifier_the_most_frequent_are_kept() -> None:
    identifiers = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(50)]
    recorded = [got(f"/p/{one}") for place, one in enumerate(identifiers) for _ in range(50 - place)]
    found = mix_of(recorded)
    assert [spec.send for spec in found.requests] == [f"GET /p/{one}" for one in identifiers[:20]]


def test_bodies_that_the_record_does_not_hold_are_told() -> None:
    recorded = [Recorded("POST", f"/orders/{n}/pay", wants_body=True) for n in range(4)]
    found = mix_of([*recorded, got("/p")])
    assert found.bodiless == (("POST /orders/{n}/pay", 4),)
    assert [spec.send for spec in found.requests] == ["GET /p"]


def test_bodies_that_differ_are_requests_of_their_own() -> None:
    recorded = [Recorded("POST", "/orders", body={"n": n}) for n in (1, 1, 2)]
    assert [(spec.body, spec.weight) for spec in mix_of(recorded).requests] == [({"n": 1}, 2), ({"n": 2}, 1)]


def test_the_peak_is_the_busiest_minute() -> None:
    quiet = [got("/p", at=6000.0 + second) for second in range(0, 180, 2)]
    busy = [got("/p", at=6060.0 + step / 10) for step in range(599)]
    assert mix_of([*quiet, *busy]).peak == (30 + 599) / 60
    assert mix_of(quiet[:5]).peak is None
    assert mix_of([got("/p")]).peak is None
