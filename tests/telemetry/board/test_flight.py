from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.telemetry.board.flight import FLIGHT_BYTES, FLIGHT_ENTRIES, Flight, FlightRing


class Answer:
    def __init__(self) -> None:
        self.status = 0


class Route:
    def __init__(self, path: str) -> None:
        self.path = path


def scope(path: str, **more: Any) -> dict[str, Any]:
    return {"method": "GET", "path": path, "raw_path": path.encode(), **more}


def template(of: Mapping[str, Any]) -> str:
    route = of.get("route")
    return route.path if isinstance(route, Route) else ""


def ring() -> tuple[FlightRing, FlightRing]:
    raw = memoryview(bytearray(FLIGHT_BYTES))
    writer = FlightRing(raw)
    writer.open()
    return writer, FlightRing(raw)


def ids(flights: list[Flight]) -> list[str]:
    return [flight.request_id for flight in flights]


def test_a_request_through_all_its_phases() -> None:
    writer, reader = ring()
    answer, asked = Answer(), scope("/items/7")
    taken = writer.begin(asked, b"id-1", 1.0, 1.5, answer)
    assert taken is not None
    (flight,) = reader.read()
    assert flight == Flight("id-1", "GET", "/items/7", "", 1.0, 1.5, 0.0, 0.0, 0)
    assert flight.phase == "admitted"
    asked["route"] = Route("/items/{item_id}")
    writer.mark(2.0, template)
    (flight,) = reader.read()
    assert (flight.route, flight.phase) == ("/items/{item_id}", "routed")
    answer.status = 206
    writer.mark(3.0, template)
    writer.mark(4.0, template)
    (flight,) = reader.read()
    assert (flight.status, flight.answering, flight.phase) == (206, 3.0, "answering")
    writer.end(taken, 5.0, 206)
    (flight,) = reader.read()
    assert (flight.ended, flight.status, flight.phase) == (5.0, 206, "ended")


def test_the_route_of_one_that_ended_before_a_beat_is_added() -> None:
    writer, reader = ring()
    taken = writer.begin(scope("/a/1", route=Route("/a/{n}")), b"id", 1.0, 1.0, Answer())
    assert taken is not None
    writer.end(taken, 2.0, 200)
    assert taken.scope is None  # it holds all that the request held
    writer.mark(3.0, template)
    assert reader.read()[0].route == "/a/{n}"


def test_an_entry_taken_anew_has_nothing_of_the_one_before() -> None:
    writer, reader = ring()
    for number in range(FLIGHT_ENTRIES + 1):
        taken = writer.begin(scope("/long/path", route=Route("/r")), b"a-long-id", 1.0, 1.0, Answer())
        assert taken is not None
        writer.mark(1.5, template)
        writer.end(taken, 2.0 + number, 200)
    taken = writer.begin(scope("/x"), b"b", 9.0, 9.0, Answer())
    assert reader.read()[0] == Flight("b", "GET", "/x", "", 9.0, 9.0, 0.0, 0.0, 0)


def test_those_in_flight_are_never_overwritten() -> None:
    writer, reader = ring()
    writer.begin(scope("/old"), b"old", 0.5, 0.5, Answer())
    for number in range(3 * FLIGHT_ENTRIES):
        taken = writer.begin(scope("/"), b"%d" % number, 1.0, 1.0, Answer())
        assert taken is not None
        writer.end(taken, 2.0 + number, 200)
    found = ids(reader.read())
    assert found[0] == "old"
    assert found[1:] == [str(3 * FLIGHT_ENTRIES - 1 - i) for i in range(FLIGHT_ENTRIES - 1)]


def test_more_at_once_than_there_are_entries_are_served_unrecorded() -> None:
    writer, reader = ring()
    taken = [writer.begin(scope("/"), b"x", 1.0, 1.0, Answer()) for _ in range(FLIGHT_ENTRIES + 3)]
    assert taken.count(None) == 3
    assert len(reader.read()) == FLIGHT_ENTRIES


def test_what_is_too_long_or_strange_is_cut() -> None:
    writer, reader = ring()
    writer.begin(
        {"method": "PROPPATCHING", "path": "/é" * 99}, b"i" * 128, 1.0, 1.0, Answer()
    )  # a server without raw_path
    (flight,) = reader.read()
    assert flight.method == "PROPPATC"
    assert flight.request_id == "i" * 40
    assert flight.path.startswith("/é/é")


def test_a_new_owner_finds_nothing() -> None:
    writer, reader = ring()
    writer.begin(scope("/"), b"x", 1.0, 1.0, Answer())
    FlightRing(writer._raw).clear()
    assert reader.read() == []


@settings(max_examples=50)
@given(st.lists(st.booleans(), max_size=400))
def test_what_is_in_flight_is_what_is_read(steps: list[bool]) -> None:
    writer, reader = ring()
    flying: list[tuple[str, Any]] = []
    for number, begins in enumerate(steps, 1):
        if begins:
            taken = writer.begin(scope("/"), b"%d" % number, float(number), float(number), Answer())
            if taken is not None:
                flying.append((str(number), taken))
        elif flying:
            _, taken = flying.pop(len(flying) // 2)
            writer.end(taken, float(number), 200)
        if number % 7 == 0:
            writer.mark(float(number), template)
    found = reader.read()
    assert sorted(ids([f for f in found if not f.ended])) == sorted(name for name, _ in flying)
