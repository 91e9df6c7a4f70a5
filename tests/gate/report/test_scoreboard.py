from __future__ import annotations

import dataclasses

from holdfast.gate.report.judged import sides
from holdfast.gate.report.quantity import NOTHING
from holdfast.gate.report.scoreboard import differences, rows
from tests.gate.report import sample


def board(**results):
    return {(row.group, row.label): row.cells for row in rows(results)}


def test_both_forms_stand_in_each_row():
    found = board(fragile=sample.fragile(), held=sample.held())
    slow = found["Goodput", "payments slow"]
    assert [cell.text for cell in slow] == ["27/s", "167/s"]
    tail = found["p99 latency of answered requests", "steady"]
    assert [(cell.text, cell.tone) for cell in tail] == [("420 ms", "bad"), ("88 ms", "good")]
    back = found["Time until goodput was back", "after overload 5x"]
    assert [(cell.text, cell.tone) for cell in back] == [("not back", "bad"), ("1 s", "good")]
    assert [cell.text for cell in found["Event loop", "blocked in all"]] == ["30.5 s", "110 ms"]


def test_a_recovery_of_no_time_reads_at_once():
    held = sample.held()
    recoveries = tuple(dataclasses.replace(each, seconds=0.0) for each in held.recoveries)
    cells = board(held=dataclasses.replace(held, recoveries=recoveries))
    assert cells["Time until goodput was back", "after overload 5x"][0].text == "at once"
    judged = next(each for each in held.judgements if each.id == "objective.recovery")
    assert sides(dataclasses.replace(judged, measured=0.0))[1] == "at once"
    assert sides(judged)[1] == "1.5 s"


def test_warming_up_is_no_result():
    assert ("Goodput", "warm-up") not in board(held=sample.held())


def test_never_back_is_the_fullest_bar():
    found = board(fragile=sample.fragile(), held=sample.held())
    shares = [cell.share for (group, _), cells in found.items() if group.startswith("Time") for cell in cells]
    assert max(shares) == 1.0
    assert shares.count(1.0) == 2


def test_what_a_run_lacks_is_a_dash():
    held = sample.held()
    short = dataclasses.replace(held, phases=held.phases[:2], recoveries=(), dependencies=())
    found = board(held=held, short=short)
    assert found["Goodput", "overload 5x"][1].text == NOTHING
    assert found["Time until goodput was back", "after payments down"][1].text == NOTHING
    assert found["Calls made for each one needed", "payments"][1].text == NOTHING


def test_unlike_conditions_are_named():
    held = sample.held()
    assert differences({"fragile": sample.fragile(), "held": held}) == ()
    other = dataclasses.replace(held, seed=1, phases=held.phases[:2])
    assert differences({"held": held, "other": other}) == ("seed", "load and faults")


def test_nothing_measured_has_no_bars():
    found = board(empty=sample.empty())
    assert found["Goodput", "steady"][0].share is None
    assert found["Event loop", "blocked in all"][0].share == 0.0
