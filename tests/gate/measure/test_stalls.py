from __future__ import annotations

from typing import Any

from holdfast.gate.measure.stalls import StallsByPhase
from holdfast.gate.result import StalledIn


def row(count: int, total: float, victims: int, file: str = "a.py") -> dict[str, Any]:
    place = {"file": file, "line": 7, "function": "f", "route": "GET /"}
    return place | {"count": count, "total": total, "victims": victims}


def test_what_was_added_since_goes_to_the_phase() -> None:
    stalls = StallsByPhase()
    stalls.add([row(1, 1.0, 5)])
    stalls.enter("steady")
    stalls.add([row(1, 1.0, 5)])
    stalls.add([row(3, 1.5, 9)])
    stalls.enter("overload")
    stalls.add([row(4, 3.5, 12), row(1, 0.25, 0, "b.py")])
    stalls.add([row(5, 4.0, 20), row(1, 0.25, 0, "b.py")])
    assert stalls.of(row(0, 0, 0)) == {"steady": StalledIn(2, 0.5, 4), "overload": StalledIn(2, 2.5, 11)}
    assert stalls.of(row(0, 0, 0, "b.py")) == {"overload": StalledIn(1, 0.25, 0)}
    assert stalls.of(row(0, 0, 0, "c.py")) == {}


def test_a_service_that_began_anew_begins_at_nothing() -> None:
    stalls = StallsByPhase()
    stalls.enter("steady")
    stalls.add([row(3, 3.0, 9)])
    stalls.add([row(1, 0.5, 1)])
    assert stalls.of(row(0, 0, 0)) == {"steady": StalledIn(4, 3.5, 10)}
