from __future__ import annotations

import pytest

from holdfast.events import StallSeen
from holdfast.serve.supervisor.say import place_of


def stall(sink: str, route: str = "GET /report") -> StallSeen:
    return StallSeen(0.0, 1.0, "shop/report.py", 20, "report", sink, route, 0)


@pytest.mark.parametrize(
    ("seen", "place"),
    [
        (None, "at a place that the watch could not see"),
        (stall("report.py:20 report"), "shop/report.py:20 in report (GET /report)"),
        (stall(""), "shop/report.py:20 in report (GET /report)"),
        (
            stall("socket.py:718 readinto"),
            "shop/report.py:20 in report, socket.py:718 readinto (GET /report)",
        ),
        (stall("report.py:201 mean", ""), "shop/report.py:20 in report, report.py:201 mean"),
    ],
)
def test_the_innermost_frame_is_named_where_it_is_another(seen: StallSeen | None, place: str) -> None:
    assert place_of(seen) == place
