from __future__ import annotations

import pytest

from holdfast.gate.report.cause import Family, causes, family


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("200", Family.ANSWERED),
        ("304", Family.ANSWERED),
        ("200 degraded", Family.DEGRADED),
        ("404", Family.CLIENT_ERROR),
        ("429", Family.SHED),
        ("503 shed", Family.SHED),
        ("504 deadline", Family.DEADLINE),
        ("503 dependency", Family.DEPENDENCY),
        ("503", Family.SERVER_ERROR),
        ("200 wrong answer", Family.SERVER_ERROR),
        ("client timeout", Family.TIMEOUT),
        ("connect timeout", Family.TIMEOUT),
        ("connect refused", Family.CONNECTION),
        ("reset", Family.CONNECTION),
        ("not sent", Family.NOT_SENT),
        ("something new", Family.SERVER_ERROR),
        ("", Family.SERVER_ERROR),
    ],
)
def test_every_word_has_a_family(outcome, expected):
    assert family(outcome) is expected


def test_causes_come_in_the_order_of_families_and_leave_out_what_did_not_occur():
    found = causes({"reset": 1, "201": 2, "200": 6, "500": 1, "503 shed": 0})
    assert [each.name for each in found] == ["200", "201", "500", "reset"]
    assert [each.share for each in found] == [0.6, 0.2, 0.1, 0.1]


def test_no_request_has_no_cause():
    assert causes({}) == ()
    assert causes({"200": 0}) == ()
